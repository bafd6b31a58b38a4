import { sendBytes, sendHttp } from '../../support/raw-http.ts';
import { refused, statusAndError } from '../../support/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';
import { ALL, AUTHENTICATED, errorsLogged, FORM } from './refusals.ts';

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

  it('refuses a query of fifteen thousand parameters, which once took the library seconds', async () => {
    for (const path of ['/auth/authorize', '/auth/userinfo', '/auth/logout', '/auth/device']) {
      const answer = await sendHttp(server.port, { path: `${path}?${'a=b&'.repeat(15_000)}` });
      expect({ path, status: answer.status, body: JSON.parse(answer.body) }).toEqual({
        path,
        ...refused('invalid_request', 'The request has more than 100 parameters.'),
      });
    }
  });

  describe('the connection', () => {
    const head = (lines: string[]) =>
      ['POST /auth/token HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n');
    const next = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

    it('ends with a body that is too large, announced or not, and with what comes behind it', async () => {
      const body = 'a'.repeat(200_000);
      const announced = head([`Content-Type: ${FORM}`, `Content-Length: ${body.length}`]) + body;
      expect(statuses(await sendBytes(server.port, announced + next))).toEqual(['413']);
      const chunked = `${head([`Content-Type: ${FORM}`, 'Transfer-Encoding: chunked'])}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      expect(statuses(await sendBytes(server.port, chunked + next))).toEqual(['413']);
    });

    it('ends with a body that never does', async () => {
      const endless = head([`Content-Type: ${FORM}`, 'Content-Length: 100000000']) + 'a'.repeat(9_000_000);
      expect(statuses(await sendBytes(server.port, endless))).toEqual(['413']);
    });

    it('ends with a head that is too large, or no HTTP', async () => {
      expect(
        statuses(await sendBytes(server.port, head([`Authorization: Basic ${'a'.repeat(100_000)}`]))),
      ).toEqual(['431']);
      expect(statuses(await sendBytes(server.port, 'HELO\r\n\r\n'))).toEqual(['400']);
      const smuggled = head(['Content-Length: 5', 'Transfer-Encoding: chunked']);
      expect(statuses(await sendBytes(server.port, `${smuggled}0\r\n\r\n`))).toEqual(['400']);
    });

    it('reads a POST without a body as one without parameters', async () => {
      const answer = await sendBytes(server.port, head(['Connection: close', `Content-Type: ${FORM}`]));
      expect(answer).toContain('no client authentication mechanism provided');
    });
  });

  it('is no error in the log', () => {
    expect(errorsLogged(server)).toEqual([]);
  });
});
