import type { Instance } from './instance.ts';

/** The look of an instance's pages: its name, its logo, and the id of its theme. */
export function brandOf({ id, name, logoUri }: Instance): {
  instanceId: string;
  name: string;
  logoUri: string | null;
} {
  return { instanceId: id, name, logoUri };
}
