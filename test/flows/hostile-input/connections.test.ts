import { sendBytes } from '../../support/clients/raw-http.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { errorsLogged, FORM } from './refusals.ts';

const head = (lines: string[]) =>
  ['POST /auth/token HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n');
const next = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

describe('a connection that no honest client uses', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

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

  it('is no error in the log', () => {
    expect(errorsLogged(server)).toEqual([]);
  });
});
