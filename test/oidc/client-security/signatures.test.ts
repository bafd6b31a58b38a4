import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  authorizationUrl,
  getJson,
  obtainCode,
  postForm,
  statusAndError,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('a client may ask for ID tokens signed in another way', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const browser = openBrowser();
  const exchangeFor = async ({ client_id, client_secret, redirect_uri }: TestClient) => {
    const code = await obtainCode(server.url, { client_id, redirect_uri }, browser);
    const fields = { grant_type: 'authorization_code', code, client_id, client_secret, redirect_uri };
    return postForm(`${server.url}/auth/token`, fields);
  };
  const published = async () =>
    ((await getJson(`${server.url}/auth/jwks`)).body.keys as { alg: string }[]).map(({ alg }) => alg);

  /** Lets no key of an algorithm be made until the returned function is called: the server's own job is quick. */
  const keepFromKeys = async (alg: string) => {
    const { knex } = server.database;
    await knex.raw(`
      CREATE OR REPLACE FUNCTION no_key() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER no_key BEFORE INSERT ON signing_keys FOR EACH ROW WHEN (NEW.alg = '${alg}')
      EXECUTE FUNCTION no_key()`);
    return () => knex.raw('DROP TRIGGER no_key ON signing_keys');
  };

  it.each(['PS256', 'ES256', 'EdDSA'] as const)(
    '%s, with a key that is made for the first who asks',
    async (alg) => {
      expect(await published()).not.toContain(alg);
      const goOn = await keepFromKeys(alg);
      const client = await aClient(server, {
        id_token_signed_response_alg: alg,
        introspection_signed_response_alg: alg,
      });
      const unavailable = { status: 503, error: 'temporarily_unavailable' };
      expect(statusAndError(await exchangeFor(client))).toEqual(unavailable);
      const { client_id, client_secret } = client;
      const asked = await postForm(
        `${server.url}/auth/introspect`,
        { client_id, client_secret, token: 'x' },
        { accept: 'application/token-introspection+jwt' },
      );
      expect(statusAndError(asked)).toEqual(unavailable);
      await goOn();

      // The job's first run sees the registration and makes the key; its next run loads the key.
      await runJob(server, 'watch-versions');
      await runJob(server, 'watch-versions');
      const { status, body } = await exchangeFor(client);
      expect(status).toBe(200);
      const keys = createRemoteJWKSet(new URL(`${server.url}/auth/jwks`));
      const { protectedHeader } = await jwtVerify(String(body.id_token), keys, {
        issuer: server.url,
        audience: client.client_id,
        algorithms: [alg],
      });
      expect(protectedHeader).toEqual({ alg, kid: expect.any(String), typ: 'JWT' });
      expect(decodeProtectedHeader(String(body.access_token)).alg).toBe('RS256');
      expect((await userinfo(server.url, String(body.access_token))).status).toBe(200);

      const hinted = await browser.get(
        authorizationUrl(server.url, {
          client_id: client.client_id,
          redirect_uri: client.redirect_uri,
          prompt: 'none',
          id_token_hint: String(body.id_token),
        }),
      );
      expect(new URL(hinted.location ?? '').searchParams.get('code')).toEqual(expect.any(String));
    },
  );

  it('keeps one key of each kind in use, RS256 first', async () => {
    expect(await published()).toEqual(['RS256', 'EdDSA', 'ES256', 'PS256']);
  });
});
