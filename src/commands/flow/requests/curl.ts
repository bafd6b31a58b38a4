/** A request that was sent. */
export interface SentRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Fields that are a secret or stand for one: the shell takes them from a variable. */
const SECRET_FIELDS: Readonly<Record<string, string>> = {
  client_secret: '$SECRET',
  client_assertion: '$ASSERTION',
};

/** Fields and members that whoever reads them could use. */
const CREDENTIALS = new Set([
  ...['code', 'code_verifier', 'device_code', 'refresh_token', 'access_token', 'id_token', 'token'],
  ...['request', 'request_uri', 'response', 'user_code'],
]);

const SENT_BY_ITSELF = new Set([
  'accept',
  'user-agent',
  'content-type',
  'authorization',
  'dpop',
  'content-length',
]);

/** The request as a line for a shell. It shows no secret, and credentials only whole if `show` says so. */
export function curlOf({ method, url, headers, body }: SentRequest, { show }: { show: boolean }): string {
  const parts = ['curl -sS'];
  if (method !== 'GET' && body === '') parts.push(`-X ${method}`);
  parts.push(quoted(addressOf(url, show)), ...authorizationOf(headers.authorization, show));
  if (headers.dpop !== undefined) parts.push('-H "DPoP: $DPOP"');
  for (const [name, value] of Object.entries(headers))
    if (!SENT_BY_ITSELF.has(name)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (headers['content-type']?.startsWith('application/json'))
    parts.push("-H 'Content-Type: application/json'", `-d ${quoted(body)}`);
  else if (body !== '') parts.push(...[...new URLSearchParams(body)].map((field) => fieldOf(field, show)));
  return parts.join(' ');
}

/** Codes and tokens are long, random and good for something. */
export function shortened(value: string): string {
  return value.length <= 16 ? '…' : `${value.slice(0, 6)}…${value.slice(-4)}`;
}

/** The value of a field or member by its name. */
export function shown(name: string, value: string, show: boolean): string {
  return show || !CREDENTIALS.has(name) ? value : shortened(value);
}

function addressOf(url: string, show: boolean): string {
  const address = new URL(url);
  for (const [name, value] of address.searchParams)
    if (shown(name, value, show) !== value) address.searchParams.set(name, shown(name, value, show));
  return address.href.replaceAll('%E2%80%A6', '…');
}

function authorizationOf(header: string | undefined, show: boolean): string[] {
  const [, scheme = '', value = ''] = /^(\w+) (.*)$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'basic') {
    const [id = ''] = Buffer.from(value, 'base64').toString().split(':');
    return [`-u ${quoted(decodeURIComponent(id))}:"$SECRET"`];
  }
  if (header === undefined) return [];
  return [`-H ${quoted(`Authorization: ${scheme} ${show ? value : shortened(value)}`)}`];
}

function fieldOf([name, value]: [string, string], show: boolean): string {
  const variable = SECRET_FIELDS[name];
  if (variable !== undefined) return `-d "${name}=${variable}"`;
  const text = shown(name, value, show);
  return /^[\w.~…-]*$/.test(text) ? `-d ${name}=${text}` : `--data-urlencode ${quoted(`${name}=${text}`)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
