import { openBrowser } from '../../support/browsers/browser.ts';
import { type PreparedRequest, releaseTogether } from '../../support/clients/released-together.ts';
import { authorizationUrl } from '../../support/clients/relying-party.ts';
import { fifty, RACE_MS, startTwoServers, type TwoServers } from './two-servers.ts';

const MEBIBYTE = 1024 * 1024;

describe('sign-ins that nobody answers, of two servers on one database', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers({ TRUSTED_PROXIES: '127.0.0.1,::1,::ffff:127.0.0.1' });
  });
  beforeEach(() => servers.database.knex('artifacts').delete());
  afterAll(() => servers.close());

  const begin = (n: number, from: string, parameters: Record<string, string> = {}): PreparedRequest => ({
    url: authorizationUrl(servers.issuer, parameters).replace(servers.issuer, servers.at(n)),
    headers: { 'x-forwarded-for': from },
  });
  const unanswered = () => servers.database.knex('artifacts').whereNotNull('address_mac');
  const count = async () => Number((await unanswered().count().first())?.count);
  const statuses = async (requests: PreparedRequest[]) =>
    new Set((await releaseTogether(requests)).map(({ status }) => status));

  it(
    'are a thousand from one address, after fifty that come at once and one more; the newest stay',
    async () => {
      const { knex } = servers.database;
      const from = '192.0.2.1';
      await releaseTogether([begin(0, from)]);
      await knex.raw(
        `INSERT INTO artifacts (model, id_hash, payload, expires_at, address_mac)
         SELECT model, sha256(convert_to('older ' || n, 'UTF8')), payload, expires_at - n * interval '1 s', address_mac
         FROM artifacts, generate_series(1, 999) AS n WHERE address_mac IS NOT NULL`,
      );
      for (let round = 0; round < 3; round += 1) {
        const others = await unanswered().pluck('id_hash');
        const known = new Set(others.map((hash: Buffer) => hash.toString('hex')));
        expect(await statuses(fifty((n) => begin(n, from)))).toEqual(new Set([303]));
        expect(await count()).toBeLessThanOrEqual(1050);
        await releaseTogether([begin(round, from)]);
        expect(await count()).toBe(1000);
        const rows = await unanswered().pluck('id_hash');
        const fresh = rows.filter((hash: Buffer) => !known.has(hash.toString('hex')));
        expect(fresh).toHaveLength(51);
      }
      const browser = openBrowser({ headers: { 'x-forwarded-for': from } });
      const page = await browser.follow(await browser.get(authorizationUrl(servers.issuer)));
      expect(page.status).toBe(200);
    },
    RACE_MS,
  );

  it(
    'have less than 100 MiB in all after each of both has added a MiB, however many come at once',
    async () => {
      const { knex } = servers.database;
      const bytes = async () =>
        Number((await unanswered().select(knex.raw('sum(pg_column_size(payload))')).first())?.sum);
      for (let row = 1; row <= 120; row += 1)
        await knex.raw(
          `INSERT INTO artifacts (model, id_hash, payload, expires_at, address_mac)
           SELECT 'Interaction', sha256(convert_to(:row, 'UTF8')), jsonb_build_object('filling', filling),
             now() + interval '1 minute', sha256(convert_to(:row, 'UTF8'))
           FROM (SELECT string_agg(md5(random()::text), '') AS filling FROM generate_series(1, ${MEBIBYTE / 32})) AS f`,
          { row: String(row) },
        );
      expect(await bytes()).toBeGreaterThan(100 * MEBIBYTE);
      const state = 'x'.repeat(8192);
      // Each of both gets half of them, more than a MiB.
      for (let round = 0; round < 6; round += 1)
        expect(await statuses(fifty((n) => begin(n, `192.0.2.${n + 1}`, { state })))).toEqual(new Set([303]));
      expect(await bytes()).toBeLessThan(100 * MEBIBYTE);
      expect(
        await unanswered().where('expires_at', '>', knex.raw("now() + interval '30 minutes'")),
      ).toHaveLength(300);
    },
    RACE_MS,
  );
});
