import { createRefusals, OF_ALL, OF_ONE } from '../../src/audit/refusals.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';

const ORIGIN = { address: '192.0.2.1', requestId: 'request' };

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.knex('audit_events').delete());

const details = () => database.knex('audit_events').orderBy('id').pluck('detail');
const refused = { event: 'sign_in.refused', detail: { why: 'x' } } as const;

describe('a flood of refused sign-ins', () => {
  it.each([
    ['at one account', (n: number) => ({ account: 'ada', network: `network ${n}` })],
    ['from one address', (n: number) => ({ account: `account ${n}`, network: '192.0.2.1' })],
  ])('%s is bounded, and the next one says how many were left out', async (_how, about) => {
    const refusals = createRefusals(database.knex, [Buffer.alloc(32, 7)]);
    for (let n = 0; n < 3 * OF_ONE.atOnce; n += 1) await refusals.record(refused, about(n), ORIGIN);
    const before = (await details()).length;
    // A few places come back meanwhile.
    expect(before).toBeGreaterThanOrEqual(OF_ONE.atOnce);
    expect(before).toBeLessThan(2 * OF_ONE.atOnce);
    await refusals.record(refused, { account: 'another', network: 'another' }, ORIGIN);
    const all = await details();
    const unwritten = all.reduce((sum, detail) => sum + (detail.unwritten ?? 0), 0);
    expect(all.length + unwritten).toBe(3 * OF_ONE.atOnce + 1);
    expect(all.at(-1)).toEqual({ why: 'x', unwritten: expect.any(Number) });
  });

  it('at many accounts from many addresses is bounded, too', async () => {
    const refusals = createRefusals(database.knex, [Buffer.alloc(32, 7)]);
    for (let n = 0; n < 2 * OF_ALL.atOnce; n += 1)
      await refusals.record(refused, { account: `${n}`, network: `${n}` }, ORIGIN);
    const { length } = await details();
    expect(length).toBeGreaterThanOrEqual(OF_ALL.atOnce);
    expect(length).toBeLessThan(1.5 * OF_ALL.atOnce);
  });

  it('has digests that only this server can make', () => {
    const digestWith = (key: number) => createRefusals(database.knex, [Buffer.alloc(32, key)]).digest('ada');
    expect(digestWith(7)).toBe(digestWith(7));
    expect(digestWith(8)).not.toBe(digestWith(7));
  });
});
