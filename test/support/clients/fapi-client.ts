import type { Browser } from '../browsers/browser.ts';
import { aClient } from '../registrations/factories.ts';
import { runJob } from '../servers/run-job.ts';
import { startTestServer, type TestServer, unique } from '../servers/test-server.ts';
import { aClientKey, type Claims, type ClientKey, clientAssertion, dpopProof } from './proofs.ts';
import { type Answer, passThrough, pkce, postForm } from './relying-party.ts';

export const FAPI_CALLBACK = 'https://bank.example/callback';

/** A client of the FAPI 2.0 Security Profile, which does everything right unless a test says otherwise. */
export interface FapiClient {
  client_id: string;
  /** Signs its assertions. */
  key: ClientKey;
  /** Signs its DPoP proofs. */
  dpopKey: ClientKey;
  assertion(claims?: Claims, as?: ClientKey): Promise<Record<string, string>>;
  push(changes?: Record<string, string>): Promise<Answer>;
  /** Pushes a request, and has a person sign in: returns the fields for the token endpoint. */
  obtainCode(browser: Browser): Promise<CodeFields>;
  exchange(code: CodeFields, changes?: Changes): Promise<Answer>;
  refresh(refreshToken: string, changes?: Changes): Promise<Answer>;
}

export interface CodeFields {
  grant_type: 'authorization_code';
  code: string;
  code_verifier: string;
  redirect_uri: string;
}

/** The parts of a token request that may be wrong; an empty header is not sent. */
interface Changes {
  assertion?: Record<string, string>;
  dpop?: string;
  headers?: Record<string, string>;
}

type Columns = Parameters<typeof aClient>[1];

/** A server with such a client. */
export async function startFapiServer({
  env = {},
  columns = {},
}: {
  env?: Record<string, string>;
  columns?: Columns;
} = {}): Promise<{ server: TestServer; bank: FapiClient }> {
  const server = await startTestServer({ env });
  return { server, bank: await aFapiClient(server, columns) };
}

export async function aFapiClient(
  server: TestServer,
  columns: Columns = {},
  key?: ClientKey,
): Promise<FapiClient> {
  const own = key ?? (await aClientKey());
  const { client_id } = await aClient(server, {
    id: unique('bank'),
    security_profile: 'fapi2',
    redirect_uris: [FAPI_CALLBACK],
    require_pkce: true,
    jwks: { keys: [own.publicJwk] },
    ...columns,
  });
  // The job's first run makes a key for the client's tokens, if it is the first that needs one; its next run loads it.
  for (let run = 0; run < 2; run += 1) await runJob(server, 'watch-versions');
  return fapiClient(server.url, client_id, own);
}

/** Has a person sign in at the address of an authorization request: returns the address of the answer. */
export async function authorizeAt(address: string, browser: Browser): Promise<URL> {
  const first = await browser.follow(await browser.get(address), FAPI_CALLBACK);
  const page = await passThrough(first, { browser, stopAt: FAPI_CALLBACK });
  if (!page.location) throw new Error(`The sign-in ended at ${page.url} with ${page.status}:\n${page.html}`);
  return new URL(page.location);
}

/** Such a client, however it is registered. */
export async function fapiClient(issuer: string, client_id: string, key: ClientKey): Promise<FapiClient> {
  const dpopKey = await aClientKey();
  const tokenEndpoint = `${issuer}/auth/token`;
  const assertion = (claims: Claims = {}, as = key) =>
    clientAssertion(as, { clientId: client_id, audience: issuer }, claims);
  const push = async (changes: Record<string, string> = {}) =>
    postForm(`${issuer}/auth/par`, {
      ...{ client_id, response_type: 'code', redirect_uri: FAPI_CALLBACK, scope: 'openid email' },
      ...(await assertion()),
      ...changes,
    });
  const askToken = async (fields: Record<string, string>, { assertion: sent, dpop, headers = {} }: Changes) =>
    postForm(tokenEndpoint, { ...fields, ...(sent ?? (await assertion())) }, {
      ...headers,
      ...(dpop === '' ? {} : { dpop: dpop ?? (await dpopProof(dpopKey, { htu: tokenEndpoint })) }),
    } as Record<string, string>);
  return {
    ...{ client_id, key, dpopKey, assertion, push },
    async obtainCode(browser) {
      const { code_verifier, ...challenge } = pkce();
      const pushed = await push(challenge);
      if (pushed.status !== 201) throw new Error(`The push answered ${JSON.stringify(pushed.body)}`);
      const query = new URLSearchParams({ client_id, request_uri: String(pushed.body.request_uri) });
      const answer = await authorizeAt(`${issuer}/auth/authorize?${query}`, browser);
      const code = answer.searchParams.get('code');
      if (!code) throw new Error(`No code in ${answer}`);
      return { grant_type: 'authorization_code', code, code_verifier, redirect_uri: FAPI_CALLBACK };
    },
    exchange: (code, changes = {}) => askToken({ ...code }, changes),
    refresh: (refresh_token, changes = {}) =>
      askToken({ grant_type: 'refresh_token', refresh_token }, changes),
  };
}
