/** The characters of an `error_description` (RFC 6749 section 5.2, RFC 6750 section 3). */
const OTHERS = /[^\x20\x21\x23-\x5B\x5D-\x7E]/g;

/** A description may repeat what was sent. */
export function plainDescription(text: string): string {
  return text.replaceAll(OTHERS, "'");
}
