import type { RecordedRequest } from './exchange.ts';

/** Form fields that are too long for the middle of a command. */
const LONG_FIELDS = new Set(['code', 'refresh_token', 'device_code']);

/**
 * A request as shell commands: each long value goes into a variable first, then a `curl` uses the variables. Pasted
 * into a shell, the text repeats the request. `bearer` names the variable for the token in the Authorization header.
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
