import { MOST_OF_LANE, MOST_OF_UNKNOWN, MOST_QUEUED, RATES } from '../../src/refusals/record/bounds.ts';
import { createRefusalRecorder } from '../../src/refusals/record/recorder.ts';
import {
  createRefusalRowsStore,
  type RefusalRowsStore,
} from '../../src/refusals/record/refusal-rows-store.ts';
import type { Refused } from '../../src/refusals/refused.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';

const logger = { info: () => {}, error: () => {} };
const REFUSED: Refused = {
  requestId: 'request',
  service: 'listo',
  endpoint: '/auth/token',
  status: 400,
  clientId: 'portal',
  claim: undefined,
  clientIs: 'registered',
  instanceId: undefined,
  error: 'invalid_grant',
  why: { reason: 'code.expired' },
};

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.knex.raw(`
    INSERT INTO instances (id, name) VALUES ('home', 'Home');
    INSERT INTO clients (id, instance_id, name, type, redirect_uris)
    SELECT id, 'home', id, 'public', '{https://app.example/callback}' FROM unnest('{portal,shop}'::text[]) AS t (id)`);
});
afterAll(() => database.close());
beforeEach(() => database.knex('refusals').delete());

/** A recorder, and its counts. */
function recorderOn(rows: RefusalRowsStore) {
  const dropped: Record<string, number> = {};
  let recorded = 0;
  const metrics = {
    countRefusals: (count: number) => {
      recorded += count;
    },
    countDroppedRefusals: (cause: string, count: number) => {
      dropped[cause] = (dropped[cause] ?? 0) + count;
    },
  };
  const recorder = createRefusalRecorder({ rows, metrics, logger });
  return { ...recorder, dropped, recorded: () => recorded };
}

const times = (count: number, act: (n: number) => void) => {
  for (let n = 0; n < count; n += 1) act(n);
};
const countsBy = async (column: string): Promise<Record<string, number>> => {
  const values: string[] = await database.knex('refusals').orderBy(column).pluck(column);
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};
/** A few places come back while a flood lasts. */
const aboutOf = (value: number) => [value, Math.ceil(value * 1.5)] as const;

const here = () => '192.0.2.1';
const anywhere = (n: number) => `10.0.${n % 250}.1`;
const anyError = (n: number) => ({ error: `error ${n}`, why: undefined });

describe('a flood of refused requests', () => {
  it.each([
    ['of one reason', 'reason', RATES.reason, anywhere, () => ({})],
    ['of one client', 'client', RATES.client, anywhere, anyError],
    ['of one reason from one network', 'sender_reason', RATES.sender_reason, here, () => ({})],
    ['of one client from one network', 'sender', RATES.sender, here, anyError],
    ['from one network', 'network', RATES.network, here, (n: number) => ({ clientId: `client-${n}` })],
  ])(
    '%s has so many places, the rest is counted, and others are recorded',
    async (_what, cause, rate, from, other) => {
      const { record, flush, dropped, recorded } = recorderOn(createRefusalRowsStore(database.knex));
      const sent = 2 * rate.atOnce;
      times(sent, (n) => record({ ...REFUSED, ...other(n) }, from(n)));
      record({ ...REFUSED, clientId: 'shop' }, '192.0.2.2');
      await flush();
      const [least, most] = aboutOf(rate.atOnce);
      expect(recorded()).toBeGreaterThanOrEqual(least + 1);
      expect(recorded()).toBeLessThan(most);
      expect(dropped).toEqual({ [cause]: sent + 1 - recorded() });
      expect((await countsBy('client_id')).shop).toBe(1);
    },
  );

  it('from one network leaves room for what comes in the name of the client from elsewhere', async () => {
    const { record, flush } = recorderOn(createRefusalRowsStore(database.knex));
    times(RATES.reason.atOnce, () => record(REFUSED, '192.0.2.1'));
    record({ ...REFUSED, requestId: 'from elsewhere' }, '192.0.2.2');
    times(RATES.client.atOnce, (n) => record({ ...REFUSED, ...anyError(n) }, '192.0.2.1'));
    record({ ...REFUSED, ...anyError(0), requestId: 'another from elsewhere' }, '192.0.2.2');
    await flush();
    const counts = await countsBy('request_id');
    expect(counts['from elsewhere']).toBe(1);
    expect(counts['another from elsewhere']).toBe(1);
  });

  it('that nobody proved leaves room for what clients prove', async () => {
    const { record, flush, dropped, recorded } = recorderOn(createRefusalRowsStore(database.knex));
    const half = (RATES.all.atOnce * 3) / 4;
    for (const part of [0, 1]) {
      times(half, (n) => record({ ...REFUSED, clientId: `client-${part}-${n}` }, `10.0.${n % 200}.1`));
      await flush();
    }
    expect(dropped).toEqual({ all: 2 * half - recorded() });
    record({ ...REFUSED, clientIs: 'authenticated' }, '10.0.0.1');
    await flush();
    expect(await database.knex('refusals').where({ client_is: 'authenticated' }).pluck('client_id')).toEqual([
      'portal',
    ]);
  });

  it('that the database cannot follow fills the queue, and no more', () => {
    const never = new Promise<never>(() => {});
    const rows = { add: () => never, boundLanes: () => never, boundAll: () => never };
    const { record, dropped } = recorderOn(rows);
    times(MOST_QUEUED / 2 + 100, (n) => {
      record({ ...REFUSED, clientId: `client-${n}` }, `10.0.${n % 200}.1`);
      record({ ...REFUSED, clientId: `client-${n}`, clientIs: 'authenticated' }, `10.0.${n % 200}.1`);
    });
    expect(dropped).toEqual({ queue: 200 });
  });
});

describe('a database that cannot record refusals', () => {
  it('without the table drops and counts them, and records again when it is there', async () => {
    const { record, flush, dropped, recorded } = recorderOn(createRefusalRowsStore(database.knex));
    await database.knex.schema.renameTable('refusals', 'elsewhere');
    times(3, () => record(REFUSED, '192.0.2.1'));
    await flush();
    expect({ dropped, recorded: recorded() }).toEqual({ dropped: { database: 3 }, recorded: 0 });
    await database.knex.schema.renameTable('elsewhere', 'refusals');
    record(REFUSED, '192.0.2.1');
    await flush();
    expect({ dropped, recorded: recorded() }).toEqual({ dropped: { database: 3 }, recorded: 1 });
  });
});

describe('the table', () => {
  const add = (rows: RefusalRowsStore, count: number, other: (n: number) => Partial<Refused>) =>
    rows.add(Array.from({ length: count }, (_, n) => ({ ...REFUSED, ...other(n), ageMs: count - n })));

  it.each([
    [
      'what a client proved',
      'listo portal authenticated',
      { clientIs: 'authenticated' as const },
      MOST_OF_LANE,
    ],
    ['what others sent in its name', 'listo portal', {}, MOST_OF_LANE],
    ['what names no client of ours', 'listo ?', { clientId: 'stranger' }, MOST_OF_UNKNOWN],
  ])('keeps the newest rows of %s', async (_what, lane, whose, most) => {
    const rows = createRefusalRowsStore(database.knex);
    const lanes = await add(rows, most + 30, (n) => ({ ...whose, requestId: `request-${n}` }));
    expect(lanes).toEqual([lane]);
    await add(rows, 5, () => ({ clientId: 'shop' }));
    await rows.boundLanes(lanes);
    const kept = await database.knex('refusals').where({ lane }).orderBy('id').pluck('request_id');
    expect(kept).toEqual(Array.from({ length: most }, (_, n) => `request-${n + 30}`));
    expect(await countsBy('lane')).toEqual({ [lane]: most, 'listo shop': 5 });
  });

  it('keeps a rare reason when a frequent one fills the lane', async () => {
    const rows = createRefusalRowsStore(database.knex);
    await add(rows, 3, () => ({ why: { reason: 'redirect_uri.not_registered' } }));
    const lanes = await add(rows, 2 * MOST_OF_LANE, () => ({}));
    await rows.boundLanes(lanes);
    expect(await countsBy('reason')).toEqual({
      'code.expired': MOST_OF_LANE - 3,
      'redirect_uri.not_registered': 3,
    });
  });

  it('keeps so many rows in all, and of them first what clients proved', async () => {
    const rows = createRefusalRowsStore(database.knex, { mostOfAll: 25 });
    await add(rows, 20, (n) => ({ clientIs: 'authenticated', requestId: `proven-${n}` }));
    await add(rows, 20, (n) => ({ requestId: `other-${n}` }));
    expect(await rows.boundAll()).toBe(15);
    const kept = await database.knex('refusals').orderBy('id').pluck('request_id');
    expect(kept).toEqual([
      ...Array.from({ length: 20 }, (_, n) => `proven-${n}`),
      ...Array.from({ length: 5 }, (_, n) => `other-${n + 15}`),
    ]);
    expect(await rows.boundAll()).toBe(0);
  });
});
