import type { RecordedRequest } from './exchange.ts';

/** Form fields too long to read in the middle of a command. */
const LONG_FIELDS = new Set(['code', 'refresh_token']);

/**
 * A request as commands for a shell: long values first, each in a variable of its own, then a `curl` that uses
 * them. Pasted as it is, it repeats the request. `bearer` names the variable of a token in the Authorization header.
 */
export function curlCommand(
  { url, headers, body }: RecordedRequest,
  { bearer = 'ACCESS_TOKEN' }: { bearer?: string } = {},
): string {
  const definitions: string[] = [];
  const variable = (name: string, value: string) => {
    definitions.push(`${name}=${quoted(value)}`);
    return `$${name}`;
  };

  const parts = [`curl ${url}`];
  const [, token] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
  if (token) parts.push(`-H "Authorization: Bearer ${variable(bearer, token)}"`);
  if (headers['content-type']?.startsWith('application/json')) {
    parts.push("-H 'Content-Type: application/json'", `-d ${quoted(body)}`);
  } else {
    for (const [name, value] of new URLSearchParams(body)) {
      if (LONG_FIELDS.has(name)) parts.push(`-d "${name}=${variable(name.toUpperCase(), value)}"`);
      else if (/^[\w.~-]*$/.test(value)) parts.push(`-d ${name}=${value}`);
      else parts.push(`--data-urlencode ${quoted(`${name}=${value}`)}`);
    }
  }
  const command = parts.join(' \\\n  ');
  return definitions.length > 0 ? `${definitions.join('\n')}\n\n${command}` : command;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
