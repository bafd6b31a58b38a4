import type fc from 'fast-check';

/** Something that holds for every input. */
export interface Property {
  name: string;
  property: fc.IAsyncPropertyWithHooks<never> | fc.IAsyncPropertyWithHooks<unknown[]>;
}
