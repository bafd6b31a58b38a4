import { createServer, type Server } from 'node:http';
import { freePort } from '../../../scripts/free-port.ts';
import { newContext, runInContext } from '../../../src/oidc/request-context.ts';
import { brief, DEMO_WEB, postForm } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

/** Clients are authenticated before the library, which must not answer a request that came by another way. */
describe('the protocol library without our authentication', () => {
  let server: TestServer;
  let bare: Server;
  let url: string;
  beforeAll(async () => {
    server = await startTestServer();
    const answer = server.services.live.current.callback();
    bare = createServer((req, res) => void runInContext(newContext(), () => answer(req, res)));
    const port = await freePort();
    url = `http://localhost:${port}`;
    await new Promise<void>((listening) => bare.listen(port, 'localhost', listening));
  });
  afterAll(async () => {
    bare.closeAllConnections();
    bare.close();
    await server.close();
  });

  const { client_id, client_secret } = DEMO_WEB;
  const INVALID_CLIENT = {
    status: 401,
    body: { error: 'invalid_client', error_description: 'client authentication failed' },
  };

  it.each(['token', 'par', 'device_authorization', 'introspect', 'revoke'])(
    'lets no confidential client in at %s, not even with its secret',
    async (endpoint) => {
      const fields = { grant_type: 'refresh_token', refresh_token: 'x', token: 'x', scope: 'openid' };
      const credentials = { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
      const post = (more: Record<string, string>, headers = {}) =>
        postForm(`${url}/auth/${endpoint}`, { ...fields, ...more }, headers);
      for (const answer of [
        await post({ client_id, client_secret }),
        await post({}, credentials),
        await post({ client_id }),
      ])
        expect(brief(answer)).toEqual(INVALID_CLIENT);
    },
  );
});
