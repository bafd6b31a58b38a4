import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { ADA, authorizationUrl, DEMO_WEB } from '../support/clients/relying-party.ts';
import { blocksAt, DEMO_ISSUER, fillIn } from '../support/documents/blocks.ts';
import { type ClientProgram, startClient } from '../support/real-clients/client-program.ts';
import { installGoProgram } from '../support/real-clients/go.ts';
import { openPerson, type Person } from '../support/real-clients/person.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient, aPerson, withManyUserRecords } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

const MODULE = 'github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6';

describeWith('go')('oauth2-proxy', () => {
  const [{ text }] = blocksAt('docs/client-libraries.md#oauth2-proxy', 'toml');
  let folder: string;
  let configuration: string;
  let server: TestServer;
  let upstream: Server;
  let proxy: ClientProgram;
  let origin: string;
  let person: Person;
  beforeAll(async () => {
    folder = await installGoProgram(MODULE);
    const port = await freePort();
    server = await startTestServer();
    origin = `http://127.0.0.1:${port}`;
    upstream = createServer(({ headers }, res) => res.end(JSON.stringify(headers))).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const client = await aClient(server, {
      redirect_uris: [`${origin}/oauth2/callback`],
      require_pkce: true,
    });
    const values = {
      [DEMO_ISSUER]: server.url,
      [DEMO_WEB.client_id]: client.client_id,
      [DEMO_WEB.client_secret]: client.client_secret,
      'http://127.0.0.1:4180/oauth2/callback': client.redirect_uri,
      'http://127.0.0.1:8080/': `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`,
    };
    configuration = fillIn(text, values);
    proxy = await startProxy(port, configuration);
    person = openPerson({ url: server.url, plainUrl: server.url });
  });
  afterAll(async () => {
    await proxy.stop();
    upstream.close();
    await server.close();
  });

  const startProxy = async (port: number, text: string): Promise<ClientProgram> => {
    const file = join(mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'oauth2-proxy-')), 'oauth2-proxy.cfg');
    writeFileSync(file, text);
    const flags = ['--config', file, '--http-address', `127.0.0.1:${port}`, '--cookie-refresh=1s'];
    const program = startClient({
      command: [join(folder, 'oauth2-proxy'), ...flags, '--pass-access-token'],
    });
    await program.listens(port);
    return program;
  };

  const headersAt = async (address: string): Promise<Record<string, string>> =>
    JSON.parse((await person.visit(address)).html);

  it('signs a person in with PKCE', async () => {
    expect(await headersAt(`${origin}/`)).toMatchObject({
      'x-forwarded-user': ADA.id,
      'x-forwarded-email': ADA.email,
    });
  });

  it('refreshes its session, for a page that sends five requests at once', async () => {
    const accessTokens = async () => {
      const pages = await Promise.all(Array.from({ length: 5 }, () => person.browser.get(`${origin}/`)));
      // A redirect would be another sign-in.
      expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      return pages.map(({ html }) => JSON.parse(html)['x-forwarded-access-token']);
    };
    for (const time of ['first', 'second']) {
      const before = new Set(await accessTokens());
      await until(`the application gets other access tokens for the ${time} time`, async () =>
        (await accessTokens()).some((token) => !before.has(token)),
      );
    }
  });

  it('ends the session of the browser, too, when it signs out', async () => {
    await person.browser.get(`${origin}/oauth2/sign_out`);
    const page = await person.browser.get(authorizationUrl(server.url, { prompt: 'none' }));
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('login_required');
    expect((await person.browser.get(`${origin}/`)).location).toContain(`${server.url}/auth/authorize?`);
  });

  it('signs in and out a person with 130 user records, whose session takes several cookies', async () => {
    const { url } = server;
    const { email, password, id } = await withManyUserRecords(server, await aPerson(server));
    person = openPerson({ url, plainUrl: url }, { email, password });
    expect(await headersAt(`${origin}/`)).toMatchObject({ 'x-forwarded-user': id });
    await person.browser.get(`${origin}/oauth2/sign_out`);
    const page = await person.browser.get(authorizationUrl(url, { prompt: 'none' }));
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('login_required');
  });

  it('asks for a scope that does not exist here, with allowed groups and without scopes', async () => {
    const port = await freePort();
    const withoutScopes = `${configuration.replace(/^scope = .*\n/m, '')}allowed_groups = ["staff"]\n`;
    const other = await startProxy(port, withoutScopes);
    const { location } = await person.browser.get(`http://127.0.0.1:${port}/`);
    const { searchParams } = new URL(await person.answer(String(location)));
    await other.stop();
    expect(searchParams.get('error')).toBe('invalid_scope');
  });
});
