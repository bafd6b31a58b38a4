/** A shorter name is too near to foreign ones. */
const SHORTEST_NAME = 5;
const MOST_CHANGES = 3;
/** A name may differ in one of so many characters: `TRUSTED_PROXY` in three of `TRUSTED_PROXIES`. */
const LETTERS_TO_A_CHANGE = 5;

/**
 * A sentence for each variable that looks like one of `known`, misspelt. The environment also has variables of others,
 * so a name counts only if the variable that it resembles is unset.
 */
export function misspelt(
  names: readonly string[],
  known: ReadonlySet<string>,
  isSet: (name: string) => boolean,
): string[] {
  const unset = [...known].filter((name) => name.length >= SHORTEST_NAME && !isSet(name));
  return names
    .filter((name) => !known.has(name) && isSet(name))
    .flatMap((name) => {
      const meant = nearest(name, unset);
      return meant === undefined
        ? []
        : [
            `${name} is not a variable of this server. Write ${meant}, if that is meant; otherwise set ${meant} as well.`,
          ];
    });
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((other) => ({ other, changes: isSameLetters(name, other) ? 0 : changesBetween(name, other) }))
    .filter(
      ({ other, changes }) =>
        changes <= Math.min(MOST_CHANGES, Math.floor(other.length / LETTERS_TO_A_CHANGE)),
    );
  return near.toSorted((one, other) => one.changes - other.changes)[0]?.other;
}

function isSameLetters(one: string, other: string): boolean {
  const letters = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase();
  return letters(one) === letters(other);
}

/** How many characters must be added, removed, exchanged or swapped with their neighbour (Damerau and Levenshtein). */
function changesBetween(one: string, other: string): number {
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
  }
  return at(rows, one.length, other.length);
}

function at(rows: readonly number[][], i: number, j: number): number {
  return rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
}
