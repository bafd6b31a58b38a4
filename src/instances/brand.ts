import type { Instance } from './instance.ts';

/** The look of an instance's pages: its name, its logo and the id of its theme, and where its people get help. */
export function brandOf({ id, name, logoUri, supportUri }: Instance): {
  instanceId: string;
  name: string;
  logoUri: string | null;
  supportUri: string | null;
} {
  return { instanceId: id, name, logoUri, supportUri };
}
