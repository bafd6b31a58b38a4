import type { Instance } from './instance.ts';

/** What an instance lends to its pages: the name, the logo, and the id that names its theme. */
export function brandOf({ id, name, logoUri }: Instance): {
  instanceId: string;
  name: string;
  logoUri: string | null;
} {
  return { instanceId: id, name, logoUri };
}
