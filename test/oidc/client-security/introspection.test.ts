import { openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  brief,
  DEMO_WEB,
  obtainCode,
  obtainTokens,
  postForm,
  type Tokens,
} from '../../support/clients/relying-party.ts';
import { aClient, anInstance, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('a client may ask for introspection, as an API', () => {
  let server: TestServer;
  let tokens: Tokens;
  beforeAll(async () => {
    server = await startTestServer();
    tokens = await obtainTokens(server.url, {}, openBrowser());
  });
  afterAll(() => server.close());

  const introspect = async ({ client_id, client_secret }: TestClient, token = tokens.access_token) =>
    (await postForm(`${server.url}/auth/introspect`, { token, client_id, client_secret })).body;

  const UNAUTHENTICATED = {
    status: 401,
    body: { error: 'invalid_client', error_description: 'client authentication failed' },
  };

  it('and authenticates in any case, with a token that is active or not', async () => {
    const open = await aClient(server, { type: 'public' });
    const { client_id } = DEMO_WEB;
    const answers = [];
    for (const token of [tokens.access_token, String(tokens.refresh_token), 'unknown']) {
      for (const fields of [
        {},
        { client_id },
        { client_id: open.client_id },
        { client_id, client_secret: '' },
      ])
        answers.push(brief(await postForm(`${server.url}/auth/introspect`, { token, ...fields })));
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      answers.push(brief(await postForm(`${server.url}/auth/introspect`, { token }, headers)));
    }
    expect(answers).toEqual(answers.map(() => UNAUTHENTICATED));
    expect(server.logLines().findLast(({ path }) => path === '/auth/introspect')).toMatchObject({
      status: 401,
      error: 'invalid_client',
      detail: 'introspection without authentication',
    });
  });

  it('of the access tokens of every client of its instance', async () => {
    const api = await aClient(server, { may_introspect: true });
    expect(await introspect(api)).toMatchObject({
      active: true,
      sub: ADA.id,
      client_id: DEMO_WEB.client_id,
      scope: 'openid profile email',
    });
  });

  it('and not of refresh tokens, which it is never sent', async () => {
    const api = await aClient(server, { may_introspect: true });
    expect(await introspect(api, tokens.refresh_token)).toEqual({ active: false });
  });

  it('and not of another instance', async () => {
    const api = await aClient(server, { may_introspect: true, instance_id: await anInstance(server) });
    expect(await introspect(api)).toEqual({ active: false });
  });

  it('and not of a client that is disabled', async () => {
    const api = await aClient(server, { may_introspect: true });
    const other = await aClient(server);
    const { client_id, client_secret, redirect_uri } = other;
    const code = await obtainCode(server.url, { client_id, redirect_uri }, openBrowser());
    const fields = { grant_type: 'authorization_code', code, redirect_uri, client_id, client_secret };
    const { body } = await postForm(`${server.url}/auth/token`, fields);
    const token = String(body.access_token);
    expect(await introspect(api, token)).toMatchObject({ active: true, client_id });
    await server.database.knex('clients').where({ id: client_id }).update({ disabled_at: new Date() });
    server.services.registration.clear();
    expect(await introspect(api, token)).toEqual({ active: false });
  });

  it('and otherwise only of its own', async () => {
    expect(await introspect(await aClient(server))).toEqual({ active: false });
    expect(await introspect(DEMO_WEB)).toMatchObject({ active: true });
  });
});
