import { HttpError } from '../platform/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads `application/x-www-form-urlencoded` text (a query or a body) and refuses what no later layer should
 * meet: broken percent-encoding, bytes that are not UTF-8, and NUL, which Postgres cannot store.
 *
 * A name that occurs twice has an array of values, as the protocol library expects.
 *
 * @throws HttpError 400 `invalid_request` that names the parameter.
 */
export function parseParameters(text: string): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = Object.create(null);
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at), undefined);
    const value = at === -1 ? '' : decode(pair.slice(at + 1), name);
    const present = parameters[name];
    if (present === undefined) parameters[name] = value;
    else if (Array.isArray(present)) present.push(value);
    else parameters[name] = [present, value];
  }
  return parameters;
}

function decode(text: string, name: string | undefined): string {
  const what = name === undefined ? 'A parameter name' : `The parameter ${printable(name)}`;
  let value: string;
  try {
    // Undoing percent-encoding byte by byte first, so that a malformed sequence is told from one that is not UTF-8.
    value = decoder.decode(percentDecode(text.replaceAll('+', ' ')));
  } catch {
    throw invalid(`${what} is not valid percent-encoded UTF-8.`);
  }
  if (value.includes('\0')) throw invalid(`${what} contains a NUL character.`);
  return value;
}

function percentDecode(text: string): Buffer {
  if (!text.includes('%')) return Buffer.from(text, 'utf8');
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw new Error('malformed escape');
  return Buffer.concat(
    text
      .split(/(%[0-9A-Fa-f]{2})/)
      .map((part) => (part.startsWith('%') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part, 'utf8'))),
  );
}

/** Only what is safe to repeat in an answer. */
function printable(name: string): string {
  return /^[\w.:-]{1,64}$/.test(name) ? name : 'with an unusual name';
}

function invalid(message: string): HttpError {
  return new HttpError({ status: 400, code: 'invalid_request', message });
}
