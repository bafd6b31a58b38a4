import { openBrowser } from '../../support/browsers/browser.ts';
import { startMailServer } from '../../support/mail/mail-server.ts';
import { type ReadMail, readMails } from '../../support/mail/mailbox.ts';
import { aPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';
import { readCells } from '../database-dump/search.ts';

/** Everything in a mail that would work for whoever reads it in a dump of the database, or in the log. */
const secretsOf = ({ link, code, to }: ReadMail) =>
  [new URL(link).searchParams.get('link') ?? '', code, code.replace('-', ''), to].filter(Boolean);

describe('the links and codes of mails', () => {
  let server: TestServer;
  let secrets: string[];
  beforeAll(async () => {
    // It refuses each recipient, and repeats what it heard.
    const mails = await startMailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(Object.assign(new Error(`Unknown: ${address}`), { responseCode: 550 })),
    });
    server = await startTestServer({
      env: { SMTP_URL: `smtp://localhost:${mails.port}`, MAIL_FROM: 'login@listo.example' },
    });
    const person = await aPerson(server);
    const browser = openBrowser();
    const page = await browser.get(`${server.url}/recovery/demo`);
    const waiting = await browser.follow(
      await browser.submit(page, '/recovery/demo', { email: person.email }),
    );
    const [mail] = await readMails(server);
    if (!mail) throw new Error('There is no mail.');
    secrets = secretsOf(mail);
    await openBrowser().get(mail.link);
    await browser.submit(waiting, '/code', { code: 'BBBB-BBBB' });
    await browser.submit(waiting, '/code', { code: mail.code });
    await browser.get(mail.link);
    await until('the mail is given up', async () => {
      const [row] = await server.database.knex('deliveries').where({ kind: 'mail' });
      return row.state === 'given_up';
    });
    await mails.close();
  });
  afterAll(() => server.close());

  it('are four texts here', () => {
    expect(secrets.map(({ length }) => length > 7)).toEqual([true, true, true, true]);
  });

  it('are not in the database, but for the address of the person', async () => {
    const cells = (await readCells(server.database.knex)).filter(({ place }) => place !== 'people.email');
    const found = cells.filter(({ text }) => secrets.some((secret) => text.includes(secret)));
    expect(found.map(({ place }) => place)).toEqual([]);
  });

  it('are not in the log, and the reason of the outbox says nothing of them', async () => {
    const log = JSON.stringify(server.logLines());
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
    const [row] = await server.database.knex('deliveries').where({ kind: 'mail' });
    expect(row.last_error).toBe('The mail server refused this mail for good (it answered 550).');
    expect(row.attempts).toBe(1);
  });
});
