import { percentile } from '../report/percentile.ts';

/** One minute of a soak. Memory is the minute's minimum, which contains the least garbage. */
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
/** Shares of the whole soak: how long memory may grow, and the length of the windows that are compared after that. */
const WARM_UP = 1 / 4;
const WINDOW = 1 / 6;
/** Node's own series come and go with the kinds of its open handles. */
const SERIES = 10;
/** A table's size varies with housekeeping and with the number of signed-in people. */
const ROWS = { share: 1.2, more: 100 };

/** The first minute that counts, and the number of minutes in each window. */
export function windowsOf(minutes: number): { from: number; length: number } {
  return { from: Math.floor(minutes * WARM_UP), length: Math.max(1, Math.round(minutes * WINDOW)) };
}

/**
 * Compares the window after the warm-up with the last one, by medians. A minute's minimum is the memory after garbage
 * collections, and the median of several ignores a minute without one.
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
