/**
 * Text of somebody else, made fit for a log line or a page of development: at most `most` characters, and none that
 * controls a terminal or changes the direction of text.
 */
export function printable(text: unknown, most = 200): string {
  const clean = String(text).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
  const characters = [...clean.slice(0, most * 2)];
  return clean.length <= most ? clean : `${characters.slice(0, most).join('')}…`;
}

/**
 * The same for an address, without its password and the values of its parameters: one of them may be a code or a token.
 */
export function printableAddress(text: unknown): string {
  const open = String(text).replaceAll(/\/\/[^/?#]*@/g, '//…@');
  // A name ends before each character that begins one, so that a row of these takes no longer than other text.
  return printable(open.replaceAll(/([?&#][^?=&#]*)=[^&#]*/g, '$1=…'));
}
