import { PROTOCOL_ROUTES } from '../src/oidc/routes.ts';
import { sendHttp } from './support/clients/raw-http.ts';
import { startTestServer, type TestServer } from './support/servers/test-server.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/** The expected chain of each protocol route, by path. */
const ROUTES = {
  '/auth/authorize': { answers: 'pages', countsFailures: false, takesJson: false },
  '/auth/authorize/:uid': { answers: 'pages', countsFailures: false, takesJson: false },
  '/auth/token': { answers: 'JSON', countsFailures: true, takesJson: true },
  '/auth/userinfo': { answers: 'JSON', countsFailures: false, takesJson: false },
  '/auth/revoke': { answers: 'JSON', countsFailures: true, takesJson: false },
  '/auth/introspect': { answers: 'JSON', countsFailures: true, takesJson: false },
  '/auth/par': { answers: 'JSON', countsFailures: true, takesJson: false },
  '/auth/device_authorization': { answers: 'JSON', countsFailures: true, takesJson: false },
  '/auth/device': { answers: 'pages', countsFailures: false, takesJson: false },
  '/auth/device/:uid': { answers: 'pages', countsFailures: false, takesJson: false },
  '/auth/jwks': { answers: 'JSON', countsFailures: false, takesJson: false },
  '/.well-known/openid-configuration': { answers: 'JSON', countsFailures: false, takesJson: false },
  '/.well-known/oauth-authorization-server': { answers: 'JSON', countsFailures: false, takesJson: false },
};

describe('a protocol route', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { FAILURES_PER_MINUTE: '1' } });
  });
  afterAll(() => server.close());

  const post = (path: string, type: string, body: string, name = 'anybody') =>
    sendHttp(server.port, {
      method: 'POST',
      path,
      headers: { accept: 'text/html', 'content-type': type, authorization: `Basic ${btoa(`${name}:wrong`)}` },
      body,
    });
  const routes = PROTOCOL_ROUTES.map(({ path, methods }) => ({ path, methods }));
  const posted = routes.filter(({ methods }) => methods.includes('POST'));

  it('is one of these', () => {
    expect(routes.map(({ path }) => path)).toEqual(Object.keys(ROUTES));
  });

  it.each(routes)(
    '$path reads its parameters strictly, and answers as who asks there can read',
    async ({ path, methods }) => {
      const { status, headers } = await sendHttp(server.port, {
        method: methods.includes('GET') ? 'GET' : 'POST',
        path: `${path.replace(':uid', 'an-interaction-nobody-has')}?state=%00`,
        headers: { accept: 'text/html' },
      });
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 400,
        type: { pages: 'text/html; charset=utf-8', JSON: 'application/json; charset=utf-8' }[
          ROUTES[path as keyof typeof ROUTES].answers
        ],
      });
    },
  );

  it.each(posted)('$path takes JSON where clients ask for tokens, and nowhere else', async ({ path }) => {
    const { body } = await post(path, JSON_TYPE, '{"client_id":"nobody"}');
    expect(body.includes('The body must be application/x-www-form-urlencoded.')).toBe(
      !ROUTES[path as keyof typeof ROUTES].takesJson,
    );
  });

  it.each(posted)('$path counts failures where clients authenticate, and nowhere else', async ({ path }) => {
    const name = `client of ${path}`;
    await post(path, FORM, 'token=x', name);
    const { status } = await post(path, FORM, 'token=x', name);
    expect(status === 429).toBe(ROUTES[path as keyof typeof ROUTES].countsFailures);
  });
});
