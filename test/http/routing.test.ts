import { readFileSync } from 'node:fs';
import { edgesOf } from '../../src/app.ts';
import { healthRoutes } from '../../src/http/health.ts';
import { sendHttp } from '../support/clients/raw-http.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { readSources } from '../support/sources/imports.ts';

const SRC = new URL('../../src', import.meta.url).pathname;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Every route whose path has no parameter, with each of its methods. */
function routes(): { method: string; path: string }[] {
  const health = healthRoutes({ ready: async () => undefined, unready: () => undefined });
  return [health, ...edgesOf(server.services)]
    .flatMap(({ stack }) => stack)
    .map(({ methods, path }) => ({ methods, path: String(path) }))
    .filter(({ path }) => !path.includes(':') && path !== '/')
    .flatMap(({ methods, path }) => methods.map((method) => ({ method, path })));
}
const otherSpellings = (path: string) => [`${path}/`, path.toUpperCase(), `${path.toUpperCase()}//`];
const ask = async (method: string, path: string, accept: string) => {
  const { status, headers } = await sendHttp(server.port, { method, path, headers: { accept } });
  return { method, path, status, location: headers.location };
};

describe('each address has one spelling', () => {
  it('for programs, at every route: a slash behind it or capitals are another address', async () => {
    const asked = routes();
    expect(asked.length).toBeGreaterThan(40);
    const answers = [];
    for (const { method, path } of asked)
      for (const other of otherSpellings(path)) answers.push(await ask(method, other, 'application/json'));
    expect(answers.filter(({ status }) => status !== 404)).toEqual([]);
  });

  it('to which a browser is led that asks for a page in another one, with its query', async () => {
    const pages = routes().filter(({ method }) => method === 'GET');
    const inEdges = pages.filter(({ path }) => !path.includes('z'));
    for (const { path } of inEdges)
      for (const other of otherSpellings(path))
        expect(await ask('GET', `${other}?user_code=B%2DC&b`, 'text/html')).toEqual({
          method: 'GET',
          path: `${other}?user_code=B%2DC&b`,
          status: 303,
          location: `${path}?user_code=B%2DC&b`,
        });
  });

  it.each(['//auth/device/', '/auth//device', '//elsewhere.example/auth/device', '/auth/devices/'])(
    'and nothing else: %s is unknown',
    async (path) => {
      expect(await ask('GET', path, 'text/html')).toEqual({
        method: 'GET',
        path,
        status: 404,
        location: undefined,
      });
    },
  );

  it('because all routers are made in one place', () => {
    const makers = readSources(SRC)
      .map(({ path }) => path)
      .filter((path) => readFileSync(`${SRC}/${path}`, 'utf8').includes('new Router('));
    expect(makers).toEqual(['http/routing.ts']);
  });
});
