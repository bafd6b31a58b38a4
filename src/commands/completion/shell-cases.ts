import type { Place } from './place.ts';

/**
 * A function of a shell that runs one of some commands, by its first argument. A place without any has no case. `*` at
 * the end of a place stands for every number.
 */
export function cases(
  name: string,
  places: readonly Place[],
  of: (place: Place) => readonly (readonly [string, string])[],
): string {
  const lines = places
    .flatMap(of)
    .filter(([, run]) => !/^(echo ''|found=\(\))$/.test(run))
    .map(
      ([place, run]) =>
        `    (${place.endsWith('*') ? `${quoted(place.slice(0, -1))}*` : quoted(place)}) ${run} ;;`,
    );
  return `${name}() {\n  case $1 in\n${lines.join('\n')}\n  esac\n}`;
}

/** The options that take a value, as a pattern. An option takes one in every command, or in none. */
export function valuedOptions(places: readonly Place[]): string {
  const names = places.flatMap(({ command }) => Object.keys(command?.values ?? {}));
  return [...new Set(names)].map((name) => `--${name}`).join(' | ');
}

/** Text in single quotes, in which a shell changes nothing. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
