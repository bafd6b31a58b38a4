import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey } from '../../support/clients/proofs.ts';
import {
  brief,
  obtainCode,
  pkce,
  pkceChallenge,
  postForm,
  refused,
} from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Libraries like requests-oauthlib, google-auth and x/oauth2 send this first for a client without a secret. */
const withEmptySecret = ({ client_id }: TestClient) => ({ authorization: `Basic ${btoa(`${client_id}:`)}` });

describe('an empty secret in the header', () => {
  let server: TestServer;
  let browser: Browser;
  let open: TestClient;
  beforeAll(async () => {
    server = await startTestServer();
    browser = openBrowser();
    const grant_types = ['authorization_code', 'refresh_token', DEVICE_CODE];
    open = await aClient(server, { type: 'public', grant_types });
  });
  afterAll(() => server.close());

  const post = (endpoint: string, fields: Record<string, string>, client: TestClient) =>
    postForm(`${server.url}/auth/${endpoint}`, fields, withEmptySecret(client));

  it('is no secret: a public client signs somebody in, refreshes and revokes with it', async () => {
    const { client_id, redirect_uri } = open;
    const { code_verifier, ...challenge } = pkce();
    const code = await obtainCode(server.url, { client_id, redirect_uri, ...challenge }, browser);
    const fields = { grant_type: 'authorization_code', code, redirect_uri, code_verifier };
    const first = await post('token', fields, open);
    expect(first).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) };
    // With the name in the form, too.
    const second = await post('token', { ...refresh, client_id }, open);
    expect(second.status).toBe(200);
    const revoked = await post('revoke', { token: String(second.body.refresh_token) }, open);
    expect(brief(revoked)).toEqual({ status: 200, body: {} });
    const again = { grant_type: 'refresh_token', refresh_token: String(second.body.refresh_token) };
    expect(brief(await post('token', again, open))).toEqual(
      refused('invalid_grant', 'Refresh token is not valid: its sign-in was ended'),
    );
  });

  it('is no secret at the other endpoints', async () => {
    const { redirect_uri } = open;
    const request = { response_type: 'code', redirect_uri, scope: 'openid', ...pkceChallenge() };
    expect(await post('par', request, open)).toMatchObject({ status: 201 });
    expect(await post('device_authorization', { scope: 'openid' }, open)).toMatchObject({ status: 200 });
    expect(brief(await post('token', {}, open))).toEqual(
      refused('invalid_request', "missing required parameter 'grant_type'"),
    );
    expect(brief(await post('introspect', { token: 'x' }, open))).toEqual(
      refused('invalid_client', 'client authentication failed', 401),
    );
  });

  it.each(['token', 'revoke', 'introspect', 'par', 'device_authorization'])(
    'is an error that says so, for a client that has a secret or keys: %s',
    async (endpoint) => {
      const confidential = await aClient(server);
      const signing = await aClient(server, { jwks: { keys: [(await aClientKey()).publicJwk] } });
      const answer = await post(endpoint, { token: 'x' }, confidential);
      const description = 'client authentication failed: no secret was sent';
      expect(brief(answer)).toEqual(refused('invalid_client', description, 401));
      expect(answer.headers.get('www-authenticate')).toBe(
        `Basic realm="${server.url}", error="invalid_client", error_description="${description}"`,
      );
      expect(brief(await post(endpoint, { token: 'x' }, signing))).toEqual(
        refused('invalid_client', 'client authentication failed: no assertion was sent', 401),
      );
      const nobody = { ...confidential, client_id: 'nobody' };
      expect(brief(await post(endpoint, { token: 'x' }, nobody))).toEqual(
        refused('invalid_client', 'client authentication failed', 401),
      );
    },
  );
});
