import {
  type Browser,
  openBrowser,
  type Page,
  redirectOf,
  statusAndMessage,
} from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_SPA, pkce, postForm, refused } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer, unique } from '../../support/servers/test-server.ts';
import { cheapHash } from '../what-ends-what/world.ts';

const OVER =
  'It was open for too long, was already used, was one of too many from your network, or belongs to another browser.';
const MEBIBYTE = 1024 * 1024;

/** Anybody can begin a sign-in, and nobody has to answer it. */
describe('sign-ins that nobody answers', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.1,::1' } });
  });
  beforeEach(() => server.database.knex('artifacts').delete());
  afterAll(() => server.close());

  const from = (address: string) => openBrowser({ headers: { 'x-forwarded-for': address } });
  const begin = async (browser: Browser, parameters: Record<string, string> = {}): Promise<Page> =>
    browser.follow(await browser.get(authorizationUrl(server.url, parameters)));
  const unanswered = () => server.database.knex('artifacts').whereNotNull('address_mac');
  const count = async () => Number((await unanswered().count().first())?.count);

  /** Adds copies of the only interaction, each a millisecond younger than the one before. */
  async function addCopies(copies: number): Promise<void> {
    await server.database.knex.raw(
      `INSERT INTO artifacts (model, id_hash, payload, expires_at, address_mac)
       SELECT model, sha256(convert_to('copy ' || n, 'UTF8')), payload, expires_at + n * interval '1 ms', address_mac
       FROM artifacts, generate_series(1, ?) AS n WHERE address_mac IS NOT NULL`,
      [copies],
    );
  }

  it('have less than 100 MiB in all, in each process after its first sign-in and after each MiB', async () => {
    // The first test, because its first sign-in is to be the first of the process.
    const largeRow = (name: string, row: number) =>
      server.database.knex.raw(
        `INSERT INTO artifacts (model, id_hash, payload, expires_at, address_mac)
         SELECT 'Interaction', sha256(convert_to(:name || :row::int, 'UTF8')), jsonb_build_object('filling', filling),
           now() + interval '10 minutes' + :row * interval '1 s', sha256(convert_to(:name || :row::int, 'UTF8'))
         FROM (SELECT string_agg(md5(random()::text), '') AS filling FROM generate_series(1, ${MEBIBYTE / 32})) AS f`,
        { name, row },
      );
    // One statement for all of them would take longer than a statement may.
    const large = async (name: string, rows: number) => {
      for (let row = 1; row <= rows; row += 1) await largeRow(name, row);
    };
    const bytes = async () =>
      Number(
        (await unanswered().select(server.database.knex.raw('sum(pg_column_size(payload))')).first())?.sum,
      );
    await large('first', 110);
    expect(await bytes()).toBeGreaterThan(80 * MEBIBYTE);
    const page = await begin(from('192.0.2.1'));
    expect(await bytes()).toBeLessThan(100 * MEBIBYTE);

    await large('second', 12);
    const other = from('192.0.2.2');
    const state = 'x'.repeat(8192);
    for (let added = 0; added <= MEBIBYTE; added += 8192) await begin(other, { state });
    expect(await bytes()).toBeLessThan(100 * MEBIBYTE);
    expect(page.status).toBe(200);
  }, 120_000);

  it('are a thousand from one address at most: the oldest is dropped, and says how to begin again', async () => {
    const [first, second, elsewhere] = [from('192.0.2.1'), from('192.0.2.1'), from('192.0.2.2')];
    const oldest = await begin(first);
    await addCopies(998);
    const another = await begin(elsewhere);
    const newest = await begin(second);
    expect(await count()).toBe(1001);
    expect((await first.get(oldest.url)).status).toBe(200);

    await begin(second);
    expect(await count()).toBe(1001);
    const over = await first.submit(oldest, '/sign-in', { email: 'ada@demo.example', password: 'x' });
    expect(statusAndMessage(over)).toEqual({ status: 400, message: OVER });
    const looked = await first.get(oldest.url);
    expect(statusAndMessage(looked)).toEqual(statusAndMessage(over));
    for (const page of [over, looked])
      expect(page.html).toContain(
        `"${server.url}/demo"><span>Go back to <bdi>Demo web application</bdi></span>`,
      );
    expect((await second.get(newest.url)).status).toBe(200);
    expect((await elsewhere.get(another.url)).status).toBe(200);
  });

  it('name no address: an IPv6 network is one, and nobody can guess it from its hash', async () => {
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1']) await begin(from(address));
    const rows = await unanswered().select('address_mac');
    const macs = new Set(rows.map(({ address_mac }) => address_mac.toString('hex')));
    expect([...macs].map((mac) => mac.length)).toEqual([32, 32]);
    expect(JSON.stringify(await server.database.knex('artifacts'))).not.toContain('2001:db8');
  });

  it('lead only to the origin of an application that is registered', async () => {
    const page = await begin(from('192.0.2.1'));
    await unanswered().delete();
    const other = from('192.0.2.1');
    for (const client_id of ['nobody', 'https://evil.example/', '']) {
      const { pathname } = new URL(page.url);
      const over = await other.post(`${server.url}${pathname}/sign-in`, { client_id });
      const looked = await other.get(`${server.url}${pathname}?${new URLSearchParams({ client_id })}`);
      for (const answer of [over, looked]) {
        expect(statusAndMessage(answer)).toEqual({
          status: 400,
          message: `${OVER} To begin again, go back to the application and sign in there.`,
        });
        expect(answer.html).not.toContain('<a ');
      }
    }
  });

  it('do not keep an office from signing in: fifty people, one address, four pages each', async () => {
    const { client_id, redirect_uri } = await aClient(server);
    const password = 'a perfectly good password';
    const people = Array.from({ length: 50 }, () => ({
      email: `${unique('person')}@demo.example`,
      password,
    }));
    await server.database
      .knex('people')
      .insert(
        people.map(({ email }) => ({ email, instance_id: 'demo', password_hash: cheapHash(password) })),
      );
    const signIns = people.map(async ({ email, password }) => {
      const browser = from('192.0.2.1');
      for (let n = 0; n < 3; n += 1) await begin(browser, { client_id, redirect_uri });
      const page = await begin(browser, { client_id, redirect_uri });
      const sent = await browser.submit(page, '/sign-in', { email, password });
      return (await browser.follow(sent, redirect_uri)).location?.includes('code=');
    });
    expect(new Set(await Promise.all(signIns))).toEqual(new Set([true]));
    expect(await count()).toBe(150);
  }, 60_000);
});

describe('a value that the server would keep', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each(['state', 'nonce', 'login_hint', 'ui_locales', 'acr_values'])(
    'is refused if it is longer than 8 kB: %s',
    async (name) => {
      const ask = (length: number) =>
        openBrowser().get(authorizationUrl(server.url, { [name]: 'x'.repeat(length) }));
      const unanswered = () => server.database.knex('artifacts').whereNotNull('address_mac').pluck('model');
      const before = await unanswered();
      expect((await ask(8192)).status).toBe(303);
      const page = await ask(8193);
      expect(redirectOf(page)).toEqual({ status: 400, location: undefined });
      expect(page.html).toContain(`<dd>${name} is longer than 8192 bytes</dd>`);
      expect(await unanswered()).toEqual([...before, 'Interaction']);

      const push = (length: number) => {
        const { code_verifier: _, ...challenge } = pkce();
        const fields = { ...DEMO_SPA, ...challenge, response_type: 'code', scope: 'openid' };
        return postForm(`${server.url}/auth/par`, {
          ...fields,
          [name]: 'é'.repeat(length / 2) + 'x'.repeat(length % 2),
        });
      };
      expect((await push(8192)).status).toBe(201);
      const { status, body } = await push(8193);
      expect({ status, body }).toEqual(refused('invalid_request', `${name} is longer than 8192 bytes`));
    },
  );
});
