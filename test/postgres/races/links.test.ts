import { createMailQueues } from '../../../src/mail/create-mail.ts';
import type { Mail } from '../../../src/mail/mail.ts';
import { verifyPassword } from '../../../src/platform/secrets/digest.ts';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import {
  type PreparedRequest,
  type Reply,
  releaseTogether,
} from '../../support/clients/released-together.ts';
import { TEST_SECRETS } from '../../support/servers/test-server.ts';
import {
  aRunner,
  cookieHeader,
  fifty,
  RACE_MS,
  type Runner,
  startTwoServers,
  type TwoServers,
  tally,
} from './two-servers.ts';

/** Each has fifty requests. */
const ROUNDS = 4;
const passwordOf = (n: number) => `seven unlikely lanterns hum ${n}`;

describe('fifty requests about one link of a mail, at two processes', () => {
  let servers: TwoServers;
  let runner: Runner;
  let browser: Browser;
  let mails: ReturnType<typeof createMailQueues>;
  beforeAll(async () => {
    servers = await startTwoServers();
    mails = createMailQueues({
      db: servers.database.knex,
      issuer: servers.issuer,
      keyEncryptionKeys: [Buffer.from(TEST_SECRETS.KEY_ENCRYPTION_KEY, 'base64')],
      isSent: true,
    });
  });
  afterAll(() => servers.close());
  beforeEach(async () => {
    await servers.database.knex('deliveries').delete();
  });

  const mailsOf = async <Name extends Mail['template']>(template: Name) => {
    const found = await mails.outgoingMail.list(servers.database.knex, 50);
    return found
      .map(({ mail }) => mail)
      .filter(
        (mail): mail is Extract<Mail, { template: Name }> =>
          mail.template === template && mail.personId === runner.id,
      );
  };
  const newest = async <Name extends Mail['template']>(template: Name) => {
    const [mail] = await mailsOf(template);
    if (!mail) throw new Error(`There is no mail ${template}.`);
    return mail;
  };
  const csrfOf = ({ html }: Page) => /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? '';
  const formOf = (n: number, path: string, fields: Record<string, string>): PreparedRequest => ({
    url: `${servers.at(n)}${path}`,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: servers.issuer,
      ...cookieHeader(browser, path),
    },
    body: new URLSearchParams(fields).toString(),
  });
  /** A new person, whose browser asks for a link to set a new password. */
  const ask = async (): Promise<Page> => {
    runner = await aRunner(servers);
    browser = openBrowser();
    const page = await browser.get(`${servers.issuer}/recovery/demo`);
    return browser.follow(await browser.submit(page, '/recovery/demo', { email: runner.email }));
  };
  const rounds = async (race: () => Promise<void>) => {
    for (let round = 0; round < ROUNDS; round += 1) await race();
  };

  it(
    'set one password: one wins',
    () =>
      rounds(async () => {
        await ask();
        const { link } = (await newest('reset')).data;
        const csrf = csrfOf(await browser.get(link));
        const token = new URL(link).searchParams.get('link') ?? '';
        const replies: Reply[] = await releaseTogether(
          fifty((n) =>
            formOf(n, '/recovery/demo/password', {
              csrf,
              link: token,
              password: passwordOf(n),
              again: passwordOf(n),
            }),
          ),
        );
        const {
          '/recovery/demo/done': won,
          400: lost = 0,
          '503 temporarily_unavailable': queued = 0,
        } = tally(replies);
        // Some find the queue of hashes full, and take no part.
        expect({ won, others: lost + queued }).toEqual({ won: 1, others: 49 });
        expect(lost).toBeGreaterThan(5);
        const winner = replies.findIndex(({ status }) => status === 303);
        const { password_hash } = await servers.database.knex('people').where({ id: runner.id }).first();
        expect(await verifyPassword(passwordOf(winner), password_hash)).toBe(true);
        expect(await mailsOf('password_changed')).toHaveLength(1);
      }),
    RACE_MS,
  );

  it(
    'try wrong codes: five are compared',
    () =>
      rounds(async () => {
        const csrf = csrfOf(await ask());
        const replies = await releaseTogether(
          fifty((n) => formOf(n, '/recovery/demo/code', { csrf, code: 'BBBB-BBBB' })),
        );
        expect(tally(replies)).toEqual({ 401: 5, 400: 45 });
      }),
    RACE_MS,
  );

  it(
    'ask for a mail: one is sent',
    () =>
      rounds(async () => {
        runner = await aRunner(servers);
        browser = openBrowser();
        const csrf = csrfOf(await browser.get(`${servers.issuer}/recovery/demo`));
        const replies = await releaseTogether(
          fifty((n) => formOf(n, '/recovery/demo', { csrf, email: runner.email })),
        );
        expect(tally(replies)).toEqual({ '/recovery/demo/code': 50 });
        expect(await mailsOf('reset')).toHaveLength(1);
      }),
    RACE_MS,
  );

  it(
    'ask for another address: a stranger who has it gets one mail',
    () =>
      rounds(async () => {
        runner = await aRunner(servers);
        const change = { personId: runner.id, address: `${runner.id}@stranger.example`, browser: 'any' };
        const origin = { address: '192.0.2.1', requestId: 'test' };
        const asked = await Promise.all(
          Array.from({ length: 50 }, () => mails.addressChanges.ask(change, origin)),
        );
        expect(asked.filter((outcome) => outcome === 'asked')).toHaveLength(1);
        expect(await mailsOf('address_new')).toHaveLength(1);
        expect(await mailsOf('address_old')).toHaveLength(1);
      }),
    RACE_MS,
  );

  it(
    'confirm another address from both sides: it changes once',
    () =>
      rounds(async () => {
        runner = await aRunner(servers);
        browser = openBrowser();
        await browser.get(`${servers.issuer}/recovery/demo`);
        const { value = '' } = browser.cookies().find(({ name }) => name === 'listo_asking') ?? {};
        const address = `${runner.id}@new.example`;
        const origin = { address: '192.0.2.1', requestId: 'test' };
        await mails.addressChanges.ask({ personId: runner.id, address, browser: value }, origin);
        const links = [(await newest('address_new')).data.link, (await newest('address_old')).data.link];
        const csrf = csrfOf(await browser.get(links[0] ?? ''));
        const replies = await releaseTogether(
          fifty((n) => {
            // Each server gets both.
            const token = new URL(links[Math.floor(n / 2) % 2] ?? '').searchParams.get('link') ?? '';
            return formOf(n, '/recovery/demo/address', { csrf, link: token, decision: 'confirm' });
          }),
        );
        // The first of one side waits, unless it is over by then; the first of the other one changes the address.
        const { 200: confirmed = 0, 400: lost = 0 } = tally(replies);
        expect([1, 2]).toContain(confirmed);
        expect(confirmed + lost).toBe(50);
        expect(await servers.database.knex('people').where({ id: runner.id }).pluck('email')).toEqual([
          address,
        ]);
        expect(await mailsOf('address_changed')).toHaveLength(1);
      }),
    RACE_MS,
  );
});
