import { decodeJwt, decodeProtectedHeader } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  aFapiClient,
  FAPI_CALLBACK,
  type FapiClient,
  startFapiServer,
} from '../../support/clients/fapi-client.ts';
import { aClientKey, signingWith } from '../../support/clients/proofs.ts';
import {
  type Answer,
  authorizationUrl,
  brief,
  explainedAt,
  pkce,
  pkceChallenge,
  postForm,
  refused,
  statusAndError,
} from '../../support/clients/relying-party.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

/** The modules of the OpenID Foundation's suite (FAPI 2.0 Security Profile) that once failed, each as a test. */
describe('the FAPI 2.0 modules of the OpenID suite', () => {
  let server: TestServer;
  let bank: FapiClient;
  const browser = openBrowser();
  beforeAll(async () => {
    ({ server, bank } = await startFapiServer());
  });
  afterAll(() => server.close());

  const ALONE = (issuer: string) =>
    refused(
      'invalid_client',
      `client authentication failed: the audience of a client assertion must be ${issuer}, as a string`,
      401,
    );
  const audiences: [what: string, (issuer: string) => unknown][] = [
    ['par-test-array-as-audience-fails: a list with the issuer', (issuer) => [issuer]],
    ['par-endpoint-url: the endpoint of pushed requests', (issuer) => `${issuer}/auth/par`],
    ['token-endpoint-url: the token endpoint', (issuer) => `${issuer}/auth/token`],
    ['a list of the issuer and the token endpoint', (issuer) => [issuer, `${issuer}/auth/token`]],
    ['the issuer with a slash', (issuer) => `${issuer}/`],
    ['no audience', () => undefined],
  ];

  it.each(audiences)('%s is no audience of an assertion, at any endpoint', async (_what, aud) => {
    const sent = () => bank.assertion({ aud: aud(server.url) });
    const fields: Record<string, Record<string, string>> = {
      par: { response_type: 'code', redirect_uri: FAPI_CALLBACK, scope: 'openid', ...pkce() },
      token: { grant_type: 'refresh_token', refresh_token: 'unknown' },
      introspect: { token: 'unknown' },
      revoke: { token: 'unknown' },
      device_authorization: { scope: 'openid' },
    };
    for (const [endpoint, own] of Object.entries(fields)) {
      const answer = await postForm(`${server.url}/auth/${endpoint}`, { ...own, ...(await sent()) });
      expect({ endpoint, ...brief(answer) }).toEqual({ endpoint, ...ALONE(server.url) });
    }
  });

  it('ensure-unsigned-authorization-request-without-using-par-fails: it is sent back with an error', async () => {
    const request = {
      ...pkceChallenge(),
      ...{ client_id: bank.client_id, redirect_uri: FAPI_CALLBACK, scope: 'openid', state: 'kept' },
    };
    const page = await browser.get(authorizationUrl(server.url, request));
    const { origin, pathname, searchParams } = new URL(page.location ?? '');
    expect({ address: origin + pathname, ...Object.fromEntries(searchParams) }).toEqual({
      address: FAPI_CALLBACK,
      error: 'invalid_request',
      error_description: 'This client must push its requests first (RFC 9126)',
      state: 'kept',
      iss: server.url,
      error_uri: explainedAt(server.url),
    });
  });

  it('refresh-token: the same token works again, long after a refresh', async () => {
    await withStillTime(async ({ forward }) => {
      const first = await bank.exchange(await bank.obtainCode(browser));
      const token = String(first.body.refresh_token);
      const refreshed = await bank.refresh(token);
      expect(refreshed.body.refresh_token).toBe(token);
      forward(3600);
      const again = await bank.refresh(token);
      expect({ status: again.status, refresh_token: again.body.refresh_token }).toEqual({
        status: 200,
        refresh_token: token,
      });
      expect(decodeJwt(String(again.body.access_token)).jti).not.toBe(
        decodeJwt(String(refreshed.body.access_token)).jti,
      );
    });
  });

  it('ensure-token-endpoint-fails-with-expired-auth-code: after 62 seconds', async () => {
    await withStillTime(async ({ forward }) => {
      const [inTime, late] = [await bank.obtainCode(browser), await bank.obtainCode(browser)];
      forward(59);
      expect((await bank.exchange(inTime)).status).toBe(200);
      forward(3);
      expect(statusAndError(await bank.exchange(late))).toEqual({ status: 400, error: 'invalid_grant' });
    });
  });

  it('ensure-signed-client-assertion-with-RS256-fails: also of a key without alg', async () => {
    const key = await aClientKey('RS256');
    expect(key.publicJwk.alg).toBeUndefined();
    const party = await aFapiClient(server, {}, key);
    const push = (sent: Record<string, string>): Promise<Answer> =>
      party.push({ ...pkceChallenge(), ...sent });
    expect(brief(await push(await party.assertion()))).toEqual(
      refused('invalid_client', 'client authentication failed', 401),
    );
    expect((await push(await party.assertion({}, await signingWith(key, 'PS256')))).status).toBe(201);
  });

  it('happy-flow: with the algorithms of the profile alone', async () => {
    const { body } = await bank.exchange(await bank.obtainCode(browser));
    expect(body).toMatchObject({ token_type: 'DPoP', scope: 'openid email' });
    for (const token of [body.id_token, body.access_token])
      expect(decodeProtectedHeader(String(token)).alg).toBe('ES256');
  });
});
