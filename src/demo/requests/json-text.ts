/** A piece of JSON text of one kind, for a template to colour. */
export interface JsonPart {
  kind: 'name' | 'string' | 'literal' | 'plain';
  text: string;
}

/** A name with its colon, a string, a number, true, false or null. */
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g;

/** A value as indented JSON, cut into parts that together are the whole text. */
export function jsonText(value: unknown): JsonPart[] {
  const text = JSON.stringify(value, null, 2);
  const parts: JsonPart[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string = '', colon] = match;
    if (match.index > at) parts.push({ kind: 'plain', text: text.slice(at, match.index) });
    if (!string) parts.push({ kind: 'literal', text: whole });
    else parts.push({ kind: colon ? 'name' : 'string', text: string });
    at = match.index + (string ? string.length : whole.length);
  }
  parts.push({ kind: 'plain', text: text.slice(at) });
  return parts;
}
