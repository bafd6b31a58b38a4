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
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

const MODULE = 'github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6';

describeWith('go')('oauth2-proxy', () => {
  const [{ text }] = blocksAt('docs/client-libraries.md#oauth2-proxy', 'toml');
  let server: TestServer;
  let upstream: Server;
  let proxy: ClientProgram;
  let origin: string;
  let person: Person;
  beforeAll(async () => {
    const [folder, port] = [await installGoProgram(MODULE), await freePort()];
    server = await startTestServer();
    origin = `http://127.0.0.1:${port}`;
    upstream = createServer(({ headers }, res) => res.end(JSON.stringify(headers))).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const client = await aClient(server, {
      redirect_uris: [`${origin}/oauth2/callback`],
      require_pkce: true,
    });
    const config = join(
      mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'oauth2-proxy-')),
      'oauth2-proxy.cfg',
    );
    const values = {
      [DEMO_ISSUER]: server.url,
      [DEMO_WEB.client_id]: client.client_id,
      [DEMO_WEB.client_secret]: client.client_secret,
      'http://127.0.0.1:4180/oauth2/callback': client.redirect_uri,
      'http://127.0.0.1:8080/': `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`,
    };
    writeFileSync(config, fillIn(text, values));
    const flags = ['--config', config, '--http-address', `127.0.0.1:${port}`];
    proxy = startClient({
      command: [join(folder, 'oauth2-proxy'), ...flags, '--cookie-refresh=1s', '--pass-access-token'],
    });
    await proxy.listens(port);
    person = openPerson({ url: server.url, plainUrl: server.url });
  });
  afterAll(async () => {
    await proxy.stop();
    upstream.close();
    await server.close();
  });

  const headersAt = async (address: string): Promise<Record<string, string>> =>
    JSON.parse((await person.visit(address)).html);

  it('signs a person in with PKCE', async () => {
    expect(await headersAt(`${origin}/`)).toMatchObject({
      'x-forwarded-user': ADA.id,
      'x-forwarded-email': ADA.email,
    });
  });

  it('refreshes its session', async () => {
    const first = await headersAt(`${origin}/`);
    let next = first;
    await until('the application gets another access token', async () => {
      next = await headersAt(`${origin}/`);
      return next['x-forwarded-access-token'] !== first['x-forwarded-access-token'];
    });
    expect(next).toMatchObject({ 'x-forwarded-user': ADA.id, 'x-forwarded-email': ADA.email });
  });

  it('ends the session of the browser, too, when it signs out', async () => {
    await person.browser.get(`${origin}/oauth2/sign_out`);
    const page = await person.browser.get(authorizationUrl(server.url, { prompt: 'none' }));
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('login_required');
    expect((await person.browser.get(`${origin}/`)).location).toContain(`${server.url}/auth/authorize?`);
  });
});
