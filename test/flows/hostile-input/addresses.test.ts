import { sendHttp } from '../../support/clients/raw-http.ts';
import { refused, statusAndError } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { ALL, AUTHENTICATED, errorsLogged } from './refusals.ts';

describe('input that no honest client sends', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each([
    ...AUTHENTICATED.map(
      (path) => [path, 'POST, OPTIONS', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']] as const,
    ),
    ['/auth/userinfo', 'HEAD, GET, POST, OPTIONS', ['PUT', 'PATCH', 'DELETE']] as const,
    ['/auth/authorize', 'HEAD, GET, POST', ['PUT', 'PATCH', 'DELETE', 'OPTIONS']] as const,
    ['/auth/jwks', 'HEAD, GET, OPTIONS', ['POST', 'PUT', 'PATCH', 'DELETE']] as const,
  ])('answers other methods at %s with 405 and what it takes', async (path, allow, methods) => {
    for (const method of methods) {
      const answer = await sendHttp(server.port, { method, path });
      expect({ method, status: answer.status, allow: answer.headers.allow }).toEqual({
        method,
        status: 405,
        allow,
      });
      expect(answer.body === '' ? {} : JSON.parse(answer.body)).toEqual(
        method === 'HEAD'
          ? {}
          : { error: 'invalid_request', error_description: 'This address does not take that method.' },
      );
    }
  });

  it.each([
    '/auth//token',
    '//auth/token',
    '/auth/token/',
    '/auth/token//',
    '/AUTH/token',
    '/auth/Token',
    '/auth%2Ftoken',
    '/auth/%74oken',
    '/auth/./token',
    '/auth/x/../token',
    '/auth/token%00',
    '/auth/token;a=b',
    '/auth/token\\',
    '/auth/%zz',
  ])('knows an address in one spelling only, which is not %s', async (path) => {
    const answer = await sendHttp(server.port, { method: 'POST', path });
    expect({ status: answer.status, body: JSON.parse(answer.body) }).toEqual(
      refused('not_found', 'There is nothing at this address.', 404),
    );
  });

  it.each(['%00', '%ff', '%zz', '%c0%af'])('refuses %s in a query', async (value) => {
    for (const path of ALL) {
      const { status, body } = await sendHttp(server.port, {
        method: path === '/auth/userinfo' || path === '/auth/authorize' ? 'GET' : 'POST',
        path: `${path}?state=${value}`,
      });
      expect(statusAndError({ status, body: JSON.parse(body) })).toEqual({
        status: 400,
        error: 'invalid_request',
      });
    }
  });

  it('refuses a query of fifteen thousand parameters at any address, which once took seconds', async () => {
    for (const path of [
      '/auth/authorize',
      '/auth/authorize/none',
      '/auth/userinfo',
      '/auth/logout',
      '/auth/start',
      '/auth/device',
      '/auth/upstream/callback/demo',
      '/interaction/none',
      '/v1/listnr-token-provider/jwks',
      '/demo',
      '/nothing/here',
    ]) {
      const answer = await sendHttp(server.port, { path: `${path}?${'a=b&'.repeat(15_000)}` });
      expect({ path, status: answer.status, body: JSON.parse(answer.body) }).toEqual({
        path,
        ...refused('invalid_request', 'The request has more than 100 parameters.'),
      });
    }
  });

  it('is no error in the log', () => {
    expect(errorsLogged(server)).toEqual([]);
  });
});
