import { openBrowser } from '../../support/browsers/browser.ts';
import { ADA, type Answer, pkce, postForm, signIn } from '../../support/clients/relying-party.ts';
import {
  aClient,
  aPerson,
  type TestClient,
  withManyUserRecords,
} from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { issued, previewed, previewOn } from './compared.ts';

type Columns = NonNullable<Parameters<typeof aClient>[1]>;
type Person = { id: string; email: string; password: string };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Signs a person in at a client by real requests, and exchanges the code. */
async function tokensOf(
  client: TestClient,
  person: Person,
  {
    parameters = {},
    headers = {},
  }: { parameters?: Record<string, string>; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { client_id, client_secret, redirect_uri } = client;
  const { code_verifier, ...challenge } = pkce();
  const { callback } = await signIn(server.url, {
    browser: openBrowser(),
    person,
    parameters: { client_id, redirect_uri, ...challenge, ...parameters },
  });
  return postForm(
    `${server.url}/auth/token`,
    {
      ...{ grant_type: 'authorization_code', code: String(callback.get('code')), redirect_uri, client_id },
      ...{ code_verifier, ...(client_secret ? { client_secret } : {}) },
    },
    headers,
  );
}

async function expectEqual(
  columns: Columns,
  {
    person = ADA,
    parameters = {},
    words = [],
  }: { person?: Person; parameters?: Record<string, string>; words?: string[] } = {},
): Promise<void> {
  const client = await aClient(server, columns);
  // The first run sees the registration and makes its key, and the next one loads it.
  for (let run = 0; run < 2; run += 1) await runJob(server, 'watch-versions');
  const { status, body } = await tokensOf(client, person, { parameters });
  expect(status).toBe(200);
  const asked = parameters.scope ?? 'openid profile email';
  const { code, read } = await previewOn(server, [
    ...['--client', client.client_id, '--person', person.id, '--scope', asked],
    ...words,
  ]);
  expect(code).toBe(0);
  expect(previewed(read)).toEqual(await issued(server, body));
}

describe('a preview equals what is then issued, but times and ids', () => {
  it.each<[string, Columns]>([
    ['a web application with a secret', {}],
    ['a public application', { type: 'public' }],
    ['an installed application', { type: 'public', application_type: 'native', answer_silently: true }],
    ['an application that asks for consent', { require_consent: true }],
    ['an application without refresh tokens', { grant_types: ['authorization_code'] }],
    ['an application with the scope openid alone', { scopes: ['openid', 'profile', 'email'] }],
    ['ID tokens in PS256', { id_token_signed_response_alg: 'PS256' }],
    ['ID tokens in ES256', { id_token_signed_response_alg: 'ES256' }],
    ['ID tokens in EdDSA', { id_token_signed_response_alg: 'EdDSA' }],
  ])('for %s', (_kind, columns) => expectEqual(columns));

  it('for lifetimes of its own, also where the grant ends before its access token', () =>
    // The grant begins with the code, and the access token with the exchange.
    withStillTime(() =>
      expectEqual({
        access_token_ttl_seconds: 86_400,
        id_token_ttl_seconds: 120,
        refresh_token_absolute_ttl_seconds: 3600,
        refresh_token_ttl_seconds: 3600,
      } as Columns),
    ));

  it.each([
    ['fewer scopes', { scope: 'openid email' }, []],
    ['no openid', { scope: 'profile' }, []],
    ['offline_access', { scope: 'openid offline_access' }, []],
    ['a nonce', { scope: 'openid', nonce: 'n-0S6_WzA2Mj' }, ['--nonce', 'n-0S6_WzA2Mj']],
  ])('for a request with %s', (_what, parameters, words) => expectEqual({}, { parameters, words }));

  it.each([
    ['a claim in the ID token', '{"id_token":{"email":null,"preferred_username":{"essential":true}}}'],
    ['a claim at userinfo', '{"userinfo":{"name":null,"nickname":null}}'],
    ['claims in both', '{"id_token":{"name":null},"userinfo":{"name":null,"email":{"value":"x"}}}'],
  ])('for a request by name of %s', (_what, claims) =>
    expectEqual({}, { parameters: { scope: 'openid', claims }, words: ['--claims', claims] }),
  );

  it('for a person without names', async () => {
    const person = await aPerson(server);
    await server.database.knex('people').where({ id: person.id }).update({ name: null });
    await expectEqual({}, { person });
  });

  it('for a person with so many user records that the token is large', async () => {
    const person = await withManyUserRecords(server, await aPerson(server));
    await expectEqual({}, { person });
  });
});
