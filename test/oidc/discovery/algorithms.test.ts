import { PROOF_ALGORITHMS } from '../../../src/clients/proofs/dpop-proof.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey, type ClientKey, clientAssertion, dpopProof } from '../../support/clients/proofs.ts';
import {
  DEMO_WEB,
  getJson,
  obtainCode,
  postForm,
  statusAndError,
} from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

/** Every algorithm that discovery announces for the signatures of clients. */
const ALGORITHMS = [...PROOF_ALGORITHMS] as ClientKey['alg'][];

describe('the algorithms of clients', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each(ALGORITHMS)('an assertion signed with %s authenticates at every endpoint', async (alg) => {
    const key = await aClientKey(alg);
    const { client_id } = await aClient(server, { jwks: { keys: [key.publicJwk] } });
    const ask = async (path: string, fields: Record<string, string>) => {
      const proof = await clientAssertion(key, { clientId: client_id, audience: server.url });
      return postForm(server.url + path, { ...fields, ...proof });
    };
    const code = { grant_type: 'authorization_code', code: 'unknown', redirect_uri: 'http://a.example' };
    expect(statusAndError(await ask('/auth/token', code))).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await ask('/auth/introspect', { token: 'unknown' })).toMatchObject({
      status: 200,
      body: { active: false },
    });
    expect((await ask('/auth/revoke', { token: 'unknown' })).status).toBe(200);
  });

  it.each(ALGORITHMS)('a proof signed with %s binds an access token', async (alg) => {
    const key = await aClientKey(alg);
    const { client_id, client_secret, redirect_uri } = DEMO_WEB;
    const code = await obtainCode(server.url, { client_id, redirect_uri }, openBrowser());
    const htu = `${server.url}/auth/token`;
    const { status, body } = await postForm(
      htu,
      { grant_type: 'authorization_code', code, redirect_uri, client_id, client_secret },
      { dpop: await dpopProof(key, { htu }) },
    );
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'DPoP' });
    const accessToken = String(body.access_token);
    const at = `${server.url}/auth/userinfo`;
    const answer = await getJson(at, {
      authorization: `DPoP ${accessToken}`,
      dpop: await dpopProof(key, { htm: 'GET', htu: at, accessToken }),
    });
    expect(answer.status).toBe(200);
  });
});
