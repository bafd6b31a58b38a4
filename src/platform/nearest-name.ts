const MOST_CHANGES = 3;
/** A name may differ in one of so many characters: `TRUSTED_PROXY` in three of `TRUSTED_PROXIES`. */
const LETTERS_TO_A_CHANGE = 5;

/** The one of `known` that `name` most likely misspells; undefined when it resembles none. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((other) => ({ other, changes: changesTo(other, name) }))
    .filter(({ other, changes }) => changes <= mostChangesOf(other));
  return near.toSorted((one, other) => one.changes - other.changes)[0]?.other;
}

/** Each character more or less is a change, so names of very different lengths need no comparison, which takes long. */
function changesTo(other: string, name: string): number {
  if (isSameLetters(name, other)) return 0;
  if (Math.abs(other.length - name.length) > mostChangesOf(other)) return Number.POSITIVE_INFINITY;
  return changesBetween(name, other, mostChangesOf(other));
}

/** Short names take one change. */
function mostChangesOf({ length }: string): number {
  return Math.max(1, Math.min(MOST_CHANGES, Math.floor(length / LETTERS_TO_A_CHANGE)));
}

function isSameLetters(one: string, other: string): boolean {
  const letters = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase();
  return letters(one) === letters(other);
}

/**
 * How many characters must be added, removed, exchanged or swapped with their neighbour (Damerau and Levenshtein). It
 * gives up where they are more than `most`: two rows without less have none below them.
 */
function changesBetween(one: string, other: string, most: number): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        at(rows, i - 1, j) + 1,
        at([row], 0, j - 1) + 1,
        at(rows, i - 1, j - 1) + (isSame ? 0 : 1),
        ...(isSwapped && i > 1 && j > 1 ? [at(rows, i - 2, j - 2) + 1] : []),
      );
    }
    rows.push(row);
    if (rows.slice(-2).every((last) => Math.min(...last) > most)) return Number.POSITIVE_INFINITY;
  }
  return at(rows, one.length, other.length);
}

function at(rows: readonly number[][], i: number, j: number): number {
  return rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
}
