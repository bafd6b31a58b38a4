import fc from 'fast-check';
import { KEY_ALGORITHMS } from '../../../src/keys/signing-key.ts';
import { openWay, WAYS, type Way } from '../../http/direct/two-ways.ts';
import { CHEAP_HASHES } from '../../postgres/races/two-servers.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aCertificate } from '../../support/clients/certificates.ts';
import { signIn } from '../../support/clients/relying-party.ts';
import { basic } from '../../support/clients/token-provider.ts';
import { aClient, aPerson, type TestClient } from '../../support/registrations/factories.ts';
import { until } from '../../support/time/until.ts';
import type { Property } from '../property.ts';
import { challenge, VERIFIER } from '../requests/request-parts.ts';
import type { Watch } from '../watch.ts';
import type { World } from '../world.ts';
import { type Outcome, outcomeOfRequest, refuseDifferences } from './ways-outcome.ts';

/** A null stands for the default. No lifetime is so short that it may end meanwhile. */
const registeredClient = fc.record({
  type: fc.constantFrom('confidential' as const, 'public' as const),
  application_type: fc.constantFrom('web' as const, 'native' as const),
  scopes: fc.subarray(['profile', 'email']).map((more) => ['openid', ...more]),
  grant_types: fc.constantFrom<string[]>(
    ['authorization_code', 'refresh_token'],
    ['authorization_code', 'refresh_token'],
    ['authorization_code'],
  ),
  require_pkce: fc.boolean(),
  require_consent: fc.boolean(),
  authorization_code_ttl_seconds: fc.constantFrom(null, 600),
  access_token_ttl_seconds: fc.constantFrom(null, 600, 86_400),
  id_token_ttl_seconds: fc.constantFrom(null, 600, 86_400),
  refresh_token_ttl_seconds: fc.constantFrom(null, 300, 31_536_000),
  refresh_token_absolute_ttl_seconds: fc.constantFrom(null, 63_072_000),
  refresh_replay_window_seconds: fc.constantFrom(null, 0, 300),
  require_dpop: fc.constantFrom(false, false, false, true),
  id_token_signed_response_alg: fc.constantFrom(...KEY_ALGORITHMS),
  introspection_signed_response_alg: fc.constantFrom(null, ...KEY_ALGORITHMS),
  tls_client_certificate_bound_access_tokens: fc.constantFrom(false, false, true),
  may_introspect: fc.boolean(),
});

const registeredPerson = fc.record({
  name: fc.constantFrom(null, 'Ada Lovelace', 'é\u0301 名 🙂'),
  first_name: fc.constantFrom(null, 'Ada'),
  last_name: fc.constantFrom(null, 'Lovelace'),
  worker_profile_id: fc.constantFrom(null, 'worker-profile'),
  email_verified: fc.boolean(),
});

const SIGNED = 'application/token-introspection+jwt';
const CERTIFICATES = [aCertificate(), aCertificate()].map(({ der }) => `:${der.toString('base64')}:`);
const [MINE = '', OTHER = ''] = CERTIFICATES;

/** The way in which the client sends its requests. */
const manner = fc.record({
  body: fc.constantFrom('form' as const, 'json' as const),
  secret: fc.constantFrom('basic' as const, 'post' as const),
  /** Which of its scopes it asks for, besides openid. */
  scopes: fc.subarray(['profile', 'email', 'offline_access']),
  /** At a refresh. */
  fewer: fc.constantFrom(undefined, undefined, 'openid', ' openid  offline_access ', 'email', 'groups'),
  /** The header with its certificate at the token endpoint, and that elsewhere. */
  certificates: fc.constantFrom<(string | undefined)[]>(
    [undefined, undefined],
    [MINE, MINE],
    [MINE, MINE],
    [MINE, OTHER],
    [MINE, undefined],
    [CERTIFICATES.join(', '), MINE],
    [MINE, ':AAAA:'],
  ),
  signedIntrospection: fc.boolean(),
  nonce: fc.option(fc.constant('a nonce'), { nil: undefined }),
  /** Most often one that is allowed. */
  origin: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 3, arbitrary: fc.constant('http://127.0.0.1:9999') },
    { weight: 1, arbitrary: fc.constantFrom('https://elsewhere.example', 'null') },
  ),
});

type Manner = typeof manner extends fc.Arbitrary<infer T> ? T : never;
type Send = (endpoint: string, init: RequestInit & { secrets: string[] }) => Promise<Outcome & { raw: Raw }>;
type Raw = Record<string, unknown>;

/**
 * Every kind of client and person, with every member of a registration that a hot request reads. Clients of FAPI 2.0
 * have no secret and push their requests: test/flows/fapi takes them both ways.
 */
export function registrationsAreAlike(world: World, watch: Watch): Property {
  let ways: Record<keyof typeof WAYS, Way> | undefined;
  const prepare = async () => {
    if (ways) return ways;
    const { keyRings } = world.server.services;
    for (const alg of KEY_ALGORITHMS) {
      await aClient(world.server, { id_token_signed_response_alg: alg });
      await until(`a key for ${alg}`, () => keyRings.oidc.signer(alg) !== undefined);
    }
    ways = { short: await openWay(world.server, WAYS.short), long: await openWay(world.server, WAYS.long) };
    return ways;
  };
  return {
    name: 'hot requests of any client and person by the short way and the long one',
    property: fc.asyncProperty(registeredClient, registeredPerson, manner, async (columns, person, asked) => {
      const at = await prepare();
      const isPublic = columns.type === 'public';
      const client = await aClient(world.server, {
        ...columns,
        require_pkce: columns.require_pkce || isPublic,
        may_introspect: columns.may_introspect && !isPublic,
      } as Parameters<typeof aClient>[1]);
      const { id, email, password } = await aPerson(world.server, { password_hash: CHEAP_HASHES[0] });
      await world.server.database.knex('people').where({ id }).update(person);
      const browser = openBrowser();
      const story = async ({ port }: Way) => {
        const { client_id, redirect_uri } = client;
        const { nonce } = asked;
        const mayAsk = ['offline_access', ...columns.scopes];
        const scope = ['openid', ...asked.scopes.filter((name) => mayAsk.includes(name))].join(' ');
        const parameters = { client_id, redirect_uri, scope, nonce, ...challenge };
        const { callback } = await signIn(world.server.url, {
          browser,
          person: { email, password },
          parameters,
        });
        const code = callback.get('code');
        if (code === null) return [{ error: callback.get('error') }];
        return tellStory({ client, asked, code }, sender(world, watch, port));
      };
      refuseDifferences(await story(at.short), await story(at.long));
    }) as never,
  };
}

function sender(world: World, watch: Watch, port: number): Send {
  return async (endpoint, { secrets, ...init }) => {
    let raw: Raw = {};
    const outcome = await outcomeOfRequest(world, watch, {
      endpoint: `${init.method ?? 'GET'} ${endpoint}`,
      secrets,
      async send(signal) {
        const answer = await fetch(`http://localhost:${port}${endpoint}`, { ...init, signal });
        // A signed answer is no JSON, and nobody needs its members.
        raw = (await answer
          .clone()
          .json()
          .catch(() => ({}))) as Raw;
        return answer;
      },
    });
    return { ...outcome, raw };
  };
}

/** An exchange, two refreshes with one token, userinfo, two introspections, and the code once more. */
async function tellStory(
  { client, asked, code }: { client: TestClient; asked: Manner; code: string },
  send: Send,
): Promise<unknown[]> {
  const told: unknown[] = [];
  const tell = async (endpoint: string, init: RequestInit & { secrets: string[] }) => {
    const { raw, ...outcome } = await send(endpoint, init);
    told.push(outcome);
    return raw;
  };
  const post = (endpoint: string, fields: Record<string, string | undefined>) =>
    tell(endpoint, requestOf(endpoint, fields, { client, asked }));
  const { redirect_uri } = client;
  const exchange = () =>
    post('/auth/token', { grant_type: 'authorization_code', code, redirect_uri, code_verifier: VERIFIER });
  const tokens = await exchange();
  const accessToken = String(tokens.access_token);
  const refresh_token = String(tokens.refresh_token ?? 'none');
  const refresh = () =>
    post('/auth/token', { grant_type: 'refresh_token', refresh_token, scope: asked.fewer });
  const userinfo = () =>
    tell('/auth/userinfo', {
      secrets: [accessToken],
      headers: {
        authorization: `Bearer ${accessToken}`,
        ...certificateOf(asked, '/auth/userinfo'),
        ...originOf(asked),
      },
    });
  await userinfo();
  await refresh();
  await post('/auth/introspect', { token: accessToken });
  await post('/auth/introspect', { token: refresh_token, token_type_hint: 'refresh_token' });
  await refresh();
  await exchange();
  await userinfo();
  return told;
}

function certificateOf({ certificates: [atToken, elsewhere] }: Manner, endpoint: string) {
  const sent = endpoint === '/auth/token' ? atToken : elsewhere;
  return (sent === undefined ? {} : { 'client-cert': sent }) as Record<string, string>;
}

function originOf({ origin }: Manner): Record<string, string> {
  return origin === undefined ? {} : { origin };
}

function requestOf(
  endpoint: string,
  fields: Record<string, string | undefined>,
  { client: { client_id, client_secret }, asked }: { client: TestClient; asked: Manner },
): RequestInit & { secrets: string[] } {
  const inHeader = asked.secret === 'basic' && client_secret !== '';
  const all = {
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    ...(inHeader ? {} : { client_id, ...(client_secret === '' ? {} : { client_secret }) }),
  } as Record<string, string>;
  const isJson = asked.body === 'json' && endpoint === '/auth/token';
  const secrets = [client_secret, fields.code, fields.refresh_token, fields.token];
  return {
    method: 'POST',
    secrets: secrets.filter((secret) => secret !== undefined && secret.length >= 12) as string[],
    headers: {
      'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded',
      ...(inHeader ? { authorization: basic(client_id, client_secret) } : {}),
      ...certificateOf(asked, endpoint),
      ...(asked.signedIntrospection && endpoint === '/auth/introspect' ? { accept: SIGNED } : {}),
      ...originOf(asked),
    },
    body: isJson ? JSON.stringify(all) : new URLSearchParams(all).toString(),
  };
}
