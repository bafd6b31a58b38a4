import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { pauseSecondsAfter } from '../../src/deliveries/pauses.ts';
import { DEMO_ISSUER } from '../support/documents/blocks.ts';
import { type ClientProgram, startClient } from '../support/real-clients/client-program.ts';
import { documentFile } from '../support/real-clients/document.ts';
import { installNodePackages, nodeProgram } from '../support/real-clients/node.ts';
import { openPerson, type Person } from '../support/real-clients/person.ts';
import { type SecureServer, startSecureServer } from '../support/real-clients/secure-server.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient, aPerson, type TestClient, type TestPerson } from '../support/registrations/factories.ts';
import { until } from '../support/time/until.ts';

describeWith('openssl')('express-openid-connect', () => {
  let server: SecureServer;
  let aheadMs = 0;
  let client: TestClient;
  let home: string;
  let start: () => ClientProgram;
  let program: ClientProgram | undefined;
  beforeAll(async () => {
    const port = await freePort();
    home = `http://127.0.0.1:${port}`;
    const [packages] = await Promise.all([
      installNodePackages(),
      (async () => {
        server = await startSecureServer({
          overrides: { clock: { now: () => new Date(Date.now() + aheadMs) } },
        });
      })(),
    ]);
    client = await aClient(server, {
      redirect_uris: [`${home}/callback`],
      require_pkce: true,
      backchannel_logout_uri: `${home}/backchannel-logout`,
      // The library's own address for it.
      initiate_login_uri: `${home}/login`,
    });
    const document = documentFile('docs/client-libraries.md#express-openid-connect', 'js', {
      [DEMO_ISSUER]: server.url,
      'http://127.0.0.1:9999': home,
      client_demo_web: client.client_id,
      'demo-web-secret-not-for-production-0001': client.client_secret,
    });
    // A module finds the packages beside it.
    const module = join(packages, basename(document));
    copyFileSync(document, module);
    start = () =>
      startClient({
        command: [process.execPath, nodeProgram('express-openid-connect.mjs')],
        env: server.trust,
        settings: { document: module, port },
      });
  });
  beforeEach(async () => {
    program = await listening();
  });
  afterEach(async () => {
    await program?.stop();
    program = undefined;
  });
  afterAll(() => server?.close());

  const listening = async () => {
    const started = start();
    await started.listens(Number(new URL(home).port));
    return started;
  };
  const signedIn = async (person: TestPerson): Promise<Person> => {
    const opened = openPerson(server, person);
    expect(await opened.visit(`${home}/me`)).toMatchObject({ status: 200, html: person.id });
    return opened;
  };
  /** Whether the application knows its visitor, by its own session. */
  const isKnown = async ({ browser }: Person) => {
    const { status, html } = await browser.get(`${home}/known`);
    expect(status).toBe(200);
    return html === 'true';
  };
  const deliver = () => server.services.outbox.run(new AbortController().signal);
  const delivery = () =>
    server.database
      .knex('deliveries')
      .orderBy('id', 'desc')
      .first('state', 'attempts', 'last_error', 'due_at');

  it('begins by a link from elsewhere, and signs the person in', async () => {
    const person = await aPerson(server);
    const visitor = openPerson(server, person);
    const link = `${server.url}/auth/start?client_id=${client.client_id}&login_hint=${person.email}`;
    const iss = encodeURIComponent(server.url);
    expect((await visitor.browser.get(link)).location).toBe(
      `${home}/login?iss=${iss}&login_hint=${encodeURIComponent(person.email)}`,
    );
    expect(await isKnown(visitor)).toBe(false);
    const page = await visitor.visit(link);
    expect({ url: page.url, known: await isKnown(visitor) }).toEqual({ url: `${home}/`, known: true });
    expect(await visitor.visit(`${home}/me`)).toMatchObject({ status: 200, html: person.id });
  });

  it('signs a person out who signs out here, and lets them in again', async () => {
    const person = await aPerson(server);
    const visitor = await signedIn(person);
    expect(await isKnown(visitor)).toBe(true);
    await server.database.knex('sessions').where({ person_id: person.id }).delete();
    await deliver();
    await until('the application has heard', async () => (await delivery()).state === 'delivered');
    expect(await isKnown(visitor)).toBe(false);
    expect(await visitor.visit(`${home}/me`)).toMatchObject({ status: 200, html: person.id });
    expect(await isKnown(visitor)).toBe(true);
  });

  it('hears of a person who was disabled while it was down', async () => {
    const person = await aPerson(server);
    const visitor = await signedIn(person);
    await program?.stop();
    await server.database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    const { host } = new URL(home);
    for (const attempts of [1, 2, 3, 4, 5, 6]) {
      await deliver();
      await until(`attempt ${attempts} failed`, async () => {
        const { attempts: tried, last_error, due_at } = await delivery();
        return tried === attempts && last_error !== null && due_at > new Date(Date.now() + aheadMs);
      });
      expect(await delivery()).toMatchObject({ state: 'queued', last_error: `${host} could not be asked.` });
      if (attempts < 6) aheadMs += pauseSecondsAfter(attempts) * 1000;
    }
    program = await listening();
    // Its own session goes on, until it hears.
    expect(await isKnown(visitor)).toBe(true);
    aheadMs += pauseSecondsAfter(6) * 1000;
    await deliver();
    await until('the application has heard', async () => (await delivery()).state === 'delivered');
    expect(await delivery()).toMatchObject({ attempts: 7, last_error: null });
    expect(await isKnown(visitor)).toBe(false);
  });
});
