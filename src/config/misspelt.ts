import { nearestName } from '../platform/nearest-name.ts';

/** A shorter name is too near to foreign ones. */
const SHORTEST_NAME = 5;

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
      const meant = nearestName(name, unset);
      return meant === undefined
        ? []
        : [
            `${name} is not a variable of this server. Write ${meant}, if that is meant; otherwise set ${meant} as well.`,
          ];
    });
}
