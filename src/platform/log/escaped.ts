/** They change the direction of text, or are not seen. */
const UNSEEN =
  '\\u007F-\\u009F\\u061C\\u200B\\u200E\\u200F\\u2028-\\u202E\\u2060-\\u206F\\uFEFF\\uFFF9-\\uFFFB';
const HIDDEN = new RegExp(`[\\u0000-\\u001F${UNSEEN}]`, 'g');
const HIDDEN_IN_LINES = new RegExp(`[\\u0000-\\u0009\\u000B-\\u001F${UNSEEN}]`, 'g');

/** A text for a terminal, which must not obey it: `\u001b` stands for an escape character. */
export function escaped(text: string): string {
  return text.replaceAll(HIDDEN, asNumber);
}

/** The same for several lines. */
export function escapedLines(text: string): string {
  return text.replaceAll(HIDDEN_IN_LINES, asNumber);
}

function asNumber(one: string): string {
  return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
