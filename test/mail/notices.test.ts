import { openBrowser } from '../support/browsers/browser.ts';
import { ADA } from '../support/clients/relying-party.ts';
import { type MailServer, startMailServer } from '../support/mail/mail-server.ts';
import { anInstance, aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

const rowsOf = ({ database }: TestServer) =>
  database.knex('deliveries').where({ kind: 'mail' }).orderBy('id');

describe('a mail about a change', () => {
  let mails: MailServer;
  let server: TestServer;
  beforeAll(async () => {
    mails = await startMailServer();
    server = await startTestServer({
      env: { SMTP_URL: `smtp://localhost:${mails.port}`, MAIL_FROM: 'Listo <login@listo.example>' },
    });
  });
  afterAll(async () => {
    await server.close();
    await mails.close();
  });
  beforeEach(async () => {
    await server.database.knex('deliveries').delete();
    mails.taken.length = 0;
  });

  const settled = () =>
    until('every mail is settled', async () =>
      (await rowsOf(server)).every(({ state }) => state !== 'queued'),
    );

  it('goes to the person whom it concerns, in the name of their instance', async () => {
    const id = await anInstance(server, { name: 'Zoë & Co', brand_color: '#ffe000' });
    const person = await aPerson(server, { instance_id: id, name: 'Grace <Hopper>' });
    const { notices, database } = server.services;
    await notices.factorAdded(database.knex, person.id, 'a passkey');
    await settled();
    expect(mails.taken.map(({ from, to }) => ({ from, to }))).toEqual([
      { from: 'login@listo.example', to: [person.email] },
    ]);
    const raw = mails.taken[0]?.raw.replaceAll('=\r\n', '') ?? '';
    expect(raw).toContain('Hello Grace <Hopper>,');
    expect(raw).toContain('Hello Grace &lt;Hopper&gt;,');
    expect(raw).toContain('can now be used with a passkey.');
    expect(raw).toContain('#ffe000');
  });

  it('is queued by the transaction of the change, or not at all', async () => {
    const { notices, database } = server.services;
    const undone = database.knex.transaction(async (trx) => {
      await notices.passwordChanged(trx, ADA.id);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await rowsOf(server)).toEqual([]);
  });

  it('is sealed in the database', async () => {
    const { notices, database } = server.services;
    await notices.addressChanged(database.knex, ADA.id, {
      from: 'old@demo.example',
      address: 'new@demo.example',
    });
    const [{ payload }] = await rowsOf(server);
    expect(Object.keys(payload).toSorted()).toEqual(['sealed', 'template']);
    expect(JSON.stringify(payload)).not.toMatch(/old@|new@|7f3c1f0e/);
    await settled();
    expect(mails.taken.map(({ to }) => to)).toEqual([['old@demo.example']]);
  });

  it('does not reach a person who is disabled, and looks as if it did', async () => {
    const person = await aPerson(server, { disabled_at: new Date() });
    const { notices, database } = server.services;
    await notices.passwordChanged(database.knex, person.id);
    await settled();
    expect((await rowsOf(server)).map(({ state, last_error }) => ({ state, last_error }))).toEqual([
      { state: 'delivered', last_error: null },
    ]);
    expect(mails.taken).toEqual([]);
  });

  it('waits while the mail server is down, and says why without naming anybody', async () => {
    await mails.close();
    const { notices, database } = server.services;
    await notices.passwordChanged(database.knex, ADA.id);
    await until('it failed once', async () => (await rowsOf(server))[0].last_error !== null);
    const [row] = await rowsOf(server);
    expect(row).toMatchObject({
      state: 'queued',
      last_error: `The mail server at localhost:${mails.port} cannot be reached.`,
    });
    expect(JSON.stringify(server.logLines())).not.toContain(ADA.email);
  });
});

describe('without a mail server', () => {
  it('a newcomer reads the mail on a page, as text and in HTML', async () => {
    const server = await startTestServer();
    const browser = openBrowser();
    expect((await browser.get(`${server.url}/demo/mail`)).html).toContain('There is none yet.');
    const { notices, database } = server.services;
    await notices.factorRemoved(database.knex, ADA.id, 'the passkey "Phone"');
    const list = await browser.get(`${server.url}/demo/mail`);
    const [, address = ''] = /href="(\/demo\/mail\/\d+)"/.exec(list.html) ?? [];
    expect(list.html).toContain('ada@demo.example');
    const mail = await browser.get(`${server.url}${address}`);
    expect(mail.html).toContain('can no longer be used with the passkey &quot;Phone&quot;.');
    const html = await browser.get(`${server.url}${address}/html`);
    expect(html.headers.get('content-security-policy')).toBe(
      "default-src 'none';style-src 'unsafe-inline';base-uri 'none';form-action 'none';frame-ancestors 'none';sandbox allow-top-navigation",
    );
    expect(html.html).toContain('A way to sign in was removed');
    expect(html.html).not.toMatch(/<img|<script|url\(|@import|<link|src=/);
    for (const wrong of ['0', '99999', 'x', '9999999999999999999'])
      expect((await browser.get(`${server.url}/demo/mail/${wrong}`)).status).toBe(404);
    await server.close();
  });

  it('a server in production queues none', async () => {
    const server = await startTestServer({ config: { mail: undefined } });
    const { notices, database } = server.services;
    await notices.passwordChanged(database.knex, ADA.id);
    expect(await rowsOf(server)).toEqual([]);
    expect((await openBrowser().get(`${server.url}/demo/mail`)).status).toBe(404);
    await server.close();
  });
});
