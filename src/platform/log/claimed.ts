import { BEGINNING } from './log-text.ts';

/** In characters. Secrets are longer, and of a longer name its beginning is enough to recognize it. */
const LONGEST_CLAIM = 24;
/** So many letters and digits in a row are no name that somebody chose, but may be a secret in the wrong place. */
const RANDOM = /[A-Za-z0-9]{20}/;
/** The names of grant types may be longer. */
const GRANT_TYPE_URN = /^urn:ietf:params:oauth:grant-type:[a-z_-]{1,24}$/;

/** A name that anybody may have chosen, without what may be a secret or an address. */
export function claimed(text: string): string {
  if (text.includes('@')) return '?';
  if (GRANT_TYPE_URN.test(text)) return text;
  const shown = text.length > LONGEST_CLAIM || RANDOM.test(text) ? `${text.slice(0, BEGINNING)}...` : text;
  return shown.replaceAll(/[^A-Za-z0-9._~:-]/g, '?');
}
