/**
 * The arithmetic of a comparison. Two sides are measured by turns, A B B A A B B A …: neighbours share the state of the
 * machine, and a drift of it favours neither side. Each two are a pair. Between two pairs stand two measurements of
 * one side, and their ratio shows what the machine does by itself.
 */

export type Side = 'here' | 'other';

/** A side's measurement: a figure of one kind. */
export interface Turn {
  side: Side;
  value: number;
}

/** The lower quartile, the median and the upper quartile. */
export interface Quartiles {
  low: number;
  median: number;
  high: number;
}

/** The sides in the order of their measurements. */
export function turnsOf(pairs: number): Side[] {
  return Array.from({ length: pairs }, (_, n): Side[] =>
    n % 2 === 0 ? ['here', 'other'] : ['other', 'here'],
  ).flat();
}

/** For each pair, the value here divided by the value of the other side. */
export function ratiosOfPairs(turns: readonly Turn[]): number[] {
  return neighbours(turns, 0).map(([first, second]) =>
    first.side === 'here' ? first.value / second.value : second.value / first.value,
  );
}

/** For each two neighbours of one side, the second value divided by the first. */
export function ratiosOfOneSide(turns: readonly Turn[]): number[] {
  return neighbours(turns, 1).map(([first, second]) => second.value / first.value);
}

/** Between two values, quartiles are interpolated. Undefined for nothing, and for a division by zero. */
export function quartiles(values: readonly number[]): Quartiles | undefined {
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
  const ordered = [...values].sort((a, b) => a - b);
  const at = (share: number) => {
    const position = share * (ordered.length - 1);
    const low = ordered[Math.floor(position)] ?? 0;
    const high = ordered[Math.ceil(position)] ?? 0;
    return low + (high - low) * (position - Math.floor(position));
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

function neighbours(turns: readonly Turn[], from: number): [Turn, Turn][] {
  const found: [Turn, Turn][] = [];
  for (let n = from; n + 1 < turns.length; n += 2) {
    const [first, second] = [turns[n], turns[n + 1]];
    if (first && second) found.push([first, second]);
  }
  return found;
}
