import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBrowser } from '../../support/browsers/browser.ts';
import { DEMO_WEB, getJson } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('what docs/standards.md leaves out', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('a request_uri that a stranger names is not fetched', async () => {
    const asked: (string | undefined)[] = [];
    const stranger = createServer((req, res) => {
      asked.push(req.url);
      res.end();
    });
    await new Promise<void>((done) => stranger.listen(0, '127.0.0.1', done));
    try {
      const request_uri = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/request.jwt`;
      const page = await openBrowser().get(
        `${server.url}/auth/authorize?${new URLSearchParams({ client_id: DEMO_WEB.client_id, request_uri })}`,
        { accept: 'application/json' },
      );
      expect({ status: page.status, error: JSON.parse(page.html).error, asked }).toEqual({
        status: 400,
        error: 'request_uri_not_supported',
        asked: [],
      });
    } finally {
      stranger.close();
    }
  });

  it('no endpoint of it is announced or there', async () => {
    const { body } = await getJson(`${server.url}/.well-known/openid-configuration`);
    const absent = [
      'registration_endpoint',
      'check_session_iframe',
      'backchannel_authentication_endpoint',
      'federation_registration_endpoint',
      'frontchannel_logout_supported',
      'frontchannel_logout_session_supported',
    ];
    expect(absent.filter((member) => member in body)).toEqual([]);
    const answers = await Promise.all(
      ['/auth/register', '/auth/session', '/auth/backchannel', '/.well-known/openid-federation'].map(
        async (path) => (await fetch(server.url + path)).status,
      ),
    );
    expect(answers).toEqual([404, 404, 404, 404]);
  });
});
