import type { Refusal } from '../../refusals/reasons.ts';

const WHY = Symbol('why');

/** An error of the library that this server throws, with the reason for it. */
export function because<E extends Error>(error: E, why: Refusal): E {
  return Object.assign(error, { [WHY]: why });
}

/** The reason that an error brings; undefined for one that the library threw itself. */
export function reasonOf(error: Error): Refusal | undefined {
  return (error as Error & { [WHY]?: Refusal })[WHY];
}
