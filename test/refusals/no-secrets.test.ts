import { DEMO_WEB, getJson, postForm, postJson } from '../support/clients/relying-party.ts';
import { DEMO_BASIC } from '../support/clients/token-provider.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const { client_id, client_secret, redirect_uri } = DEMO_WEB;
const WEB = { client_id, client_secret };
/** So short that nothing takes it for a random word. */
const HUSH = 'hush';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe('the record of a refusal', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('has no secret, code, token, verifier, assertion or proof that came', async () => {
    const { url } = server;
    const token = `${url}/auth/token`;
    const code = { grant_type: 'authorization_code', redirect_uri, code: HUSH, code_verifier: HUSH };
    const refresh = { grant_type: 'refresh_token', refresh_token: HUSH };
    const jwt = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from(`{"sub":"x","jti":"${HUSH}"}`).toString('base64url')}.${HUSH}`;
    const requests = [
      () => postForm(token, { ...WEB, client_secret: HUSH, ...code }),
      () => postForm(token, { ...WEB, ...code }),
      () => postForm(token, { ...WEB, ...code, redirect_uri: `${redirect_uri}?code=${HUSH}` }),
      () => postForm(token, { ...WEB, ...refresh }),
      () => postForm(token, { ...WEB, ...refresh, scope: 'a"' }),
      () => postForm(token, { ...WEB, ...refresh }, { dpop: HUSH }),
      () => postForm(token, { ...WEB, ...refresh }, { dpop: jwt }),
      () => postForm(token, { ...WEB, grant_type: DEVICE, device_code: HUSH }),
      () => postForm(token, refresh, basic(`${client_id}:${HUSH}%`)),
      () => postForm(token, refresh, basic(`${client_id}:${HUSH}`)),
      () => postForm(token, { ...refresh, client_id, client_secret: HUSH }, basic(`${client_id}:${HUSH}`)),
      () => postForm(token, { ...refresh, client_assertion: HUSH, client_assertion_type: ASSERTION }),
      () => postForm(token, { ...refresh, client_assertion: jwt, client_assertion_type: ASSERTION }),
      () => postJson(token, { ...WEB, ...refresh, client_secret: [HUSH] }),
      () => postJson(token, `{"client_secret": "${HUSH}`),
      () => postForm(`${url}/auth/introspect`, { ...WEB, token: HUSH }),
      () => postForm(`${url}/auth/revoke`, { ...WEB, token: HUSH }),
      () => getJson(`${url}/auth/userinfo`, { authorization: `Bearer ${HUSH}` }),
      () => getJson(`${url}/auth/userinfo`, { authorization: `Bearer ${HUSH}`, dpop: HUSH }),
      () => getJson(`${url}/auth/userinfo?access_token=${HUSH}`),
      () => postForm(`${url}/auth/userinfo`, { access_token: HUSH }),
    ];
    for (const request of requests) await request();
    await server.services.refusalRecorder.flush();
    const { rows } = await server.database.knex.raw<{ rows: { text: string }[] }>(
      'SELECT r::text AS text FROM refusals r',
    );
    expect(rows).toHaveLength(requests.length);
    expect(rows.filter(({ text }) => text.toLowerCase().includes(HUSH))).toEqual([]);
  });

  it('has no secret that came as the id of a client, or where a list of words is expected', async () => {
    const { url } = server;
    const secret = 'Qm9yaW5n/c2Vj+cmV0MQ/hb2Y+YmFzZTY0/XQ=';
    const grant = { grant_type: 'refresh_token', refresh_token: 'x' };
    const body = { 'X-Request-Id': 'secret-as-id' };
    const requests = [
      () => postForm(`${url}/auth/token`, grant, { ...body, ...basic(`${encodeURIComponent(secret)}:web`) }),
      () => postForm(`${url}/auth/token`, { ...grant, client_id: secret, client_secret: 'web' }, body),
      () =>
        postForm(
          `${url}/auth/token`,
          { ...grant, client_id: secret },
          { ...body, ...basic(`${client_id}:${client_secret}`) },
        ),
      () => postForm(`${url}/auth/token`, { ...WEB, grant_type: secret }, body),
      () => postForm(`${url}/auth/par`, { ...WEB, ...code(redirect_uri), scope: `openid ${secret}` }, body),
      () =>
        postJson(
          `${url}/v1/listnr-token-provider/issue-token`,
          { client_id: secret },
          { ...body, authorization: DEMO_BASIC },
        ),
    ];
    for (const request of requests) await request();
    await server.services.refusalRecorder.flush();
    const rows = await server.services.recordedRefusals.find('secret-as-id');
    expect(rows).toHaveLength(requests.length);
    expect(
      rows.map((row) => JSON.stringify(row)).filter((text) => text.includes(secret.slice(0, 12))),
    ).toEqual([]);
  });
});

const code = (redirectUri: string) => ({ response_type: 'code', redirect_uri: redirectUri });
