/** Values on the wire that some endpoint would accept, each with its kind. */
export type Credentials = Map<string, string>;

/** Parameters, members and headers whose names show that they are credentials, with our names for them. */
const KINDS: Record<string, string> = {
  access_token: 'access token',
  client_assertion: 'client assertion',
  client_secret: 'secret',
  code: 'code',
  code_verifier: 'PKCE verifier',
  csrf: 'CSRF token',
  id_token: 'ID token',
  id_token_hint: 'ID token',
  link: 'link of a mail',
  password: 'password',
  refresh_token: 'refresh token',
  request_uri: 'request_uri',
};
/** Credentials in this server's own requests, which it must protect. */
const UPSTREAM_KINDS: Record<string, string> = { state: 'upstream state', nonce: 'upstream nonce' };

const SHORTEST = 12;

/** Watches everything that goes over `fetch`, including the server's own requests, until `stop`. */
export function recordCredentials({ upstream }: { upstream: string }): {
  credentials: Credentials;
  stop(): void;
} {
  const credentials: Credentials = new Map();
  const note = (kind: string | undefined, value: unknown) => {
    if (kind !== undefined && typeof value === 'string' && value.length >= SHORTEST)
      credentials.set(value, kind);
  };
  const noteNamed = (members: Iterable<[string, unknown]>, more: Record<string, string> = {}) => {
    for (const [name, value] of members) note(KINDS[name] ?? more[name], value);
  };
  const noteAddress = (address: URL) => {
    noteNamed(address.searchParams, address.href.startsWith(upstream) ? UPSTREAM_KINDS : {});
    note('interaction id', /^\/(?:interaction|auth\/authorize)\/([^/]+)/.exec(address.pathname)?.[1]);
  };

  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const target = new URL(String(input));
    noteAddress(target);
    noteNamed(membersOf(init?.body));
    const headers = new Headers(init?.headers);
    const [scheme, credential] = (headers.get('authorization') ?? '').split(' ');
    if (scheme === 'Basic') note('Basic credentials', credential);
    note('DPoP proof', headers.get('dpop'));

    const response = await fetch(input, init);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      note(kindOfCookie(name), value);
    }
    const location = response.headers.get('location');
    if (location) noteAddress(new URL(location, target));
    const text = await response.clone().text();
    for (const [, csrf] of text.matchAll(/name="csrf" value="([^"]+)"/g)) note('CSRF token', csrf);
    const members = membersOf(text);
    if (target.pathname.startsWith('/v1/') && response.ok)
      for (const [, value] of members) note('LiSTNR token', value);
    else noteNamed(members);
    return response;
  };
  return {
    credentials,
    stop() {
      globalThis.fetch = fetch;
    },
  };
}

function kindOfCookie(name: string): string {
  if (name.endsWith('.sig')) return 'cookie signature';
  return name.startsWith('listo_session') ? 'session id' : 'cookie';
}

/** The members of a form or a JSON object. */
function membersOf(body: unknown): [string, unknown][] {
  if (body instanceof URLSearchParams) return [...body];
  if (typeof body !== 'string') return [];
  if (body.startsWith('{')) return Object.entries(JSON.parse(body));
  return /^[\w.-]+=/.test(body) ? [...new URLSearchParams(body)] : [];
}
