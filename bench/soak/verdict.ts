import { percentile } from '../percentile.ts';

/** One minute of a soak. Of memory the least that was seen, which is what is not garbage. */
export interface Minute {
  minute: number;
  resident: number;
  residentMost: number;
  proportional: number;
  anonymous: number;
  descriptors: number;
  descriptorsMost: number;
  heapUsed: number;
  compiled: number;
  series: number;
  requests: number;
  rows: Record<string, number>;
}

export interface Finding {
  what: string;
  first: number;
  last: number;
  atMost: number;
  met: boolean;
}

const MIB = 2 ** 20;
/** Of the whole: how long memory may grow, and how long the windows are that are compared after it. */
const WARM_UP = 1 / 4;
const WINDOW = 1 / 6;
/** Node's own come and go with the kinds of handles it has open. */
const SERIES = 10;
/** A table breathes with housekeeping, and with how many are signed in just then. */
const ROWS = { share: 1.2, more: 100 };

/** The first minute that counts, and how many minutes each of the two windows has. */
export function windowsOf(minutes: number): { from: number; length: number } {
  return { from: Math.floor(minutes * WARM_UP), length: Math.max(1, Math.round(minutes * WINDOW)) };
}

/**
 * Compares the window after warming up with the last one, by their medians. A minute's least is what is left after
 * collections of garbage, and the median of some does without the minute that had none.
 */
export function judge(minutes: readonly Minute[]): Finding[] {
  const { from, length } = windowsOf(minutes.length);
  const windows = [minutes.slice(from, from + length), minutes.slice(-length)] as const;
  const compare = (
    what: string,
    of: (minute: Minute) => number,
    limit: (first: number) => number,
  ): Finding => {
    const [first, last] = windows.map((window) => percentile(window.map(of), 0.5)) as [number, number];
    const atMost = limit(first);
    return { what, first, last, atMost, met: last <= atMost };
  };
  const plus = (more: number) => (first: number) => first + more;
  const rows = (table: string) =>
    compare(
      `rows of ${table}`,
      ({ rows }) => rows[table] ?? 0,
      (first) => first * ROWS.share + ROWS.more,
    );
  return [
    compare('resident MiB', ({ resident }) => resident / MIB, plus(1)),
    compare('open descriptors', ({ descriptorsMost }) => descriptorsMost, plus(1)),
    compare('series of /metrics', ({ series }) => series, plus(SERIES)),
    ...Object.keys(minutes[0]?.rows ?? {}).map(rows),
  ];
}
