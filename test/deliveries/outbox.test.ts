import { setTimeout as pause } from 'node:timers/promises';
import { type Delivery, type Sender, UndeliveredError } from '../../src/deliveries/delivery.ts';
import { createDeliveryStore, type DeliveryStore } from '../../src/deliveries/delivery-store.ts';
import { outbox, type Parallel } from '../../src/deliveries/outbox.ts';
import { pauseSecondsAfter } from '../../src/deliveries/pauses.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { until } from '../support/time/until.ts';

const KIND = 'test';
const HOUR = 3600;

describe('the outbox', () => {
  let database: TestDatabase;
  let store: DeliveryStore;
  let clock: { now(): Date; forward(seconds: number): void };
  let outcomes: string[];
  let lines: unknown[];
  beforeAll(async () => {
    database = await openTestDatabase();
    store = createDeliveryStore(database.knex);
  });
  beforeEach(async () => {
    await database.knex('deliveries').delete();
    let now = Date.now() + 1000;
    clock = {
      now: () => new Date(now),
      forward(seconds) {
        now += seconds * 1000;
      },
    };
    outcomes = [];
    lines = [];
  });
  afterAll(() => database.close());

  const queue = (...lanes: string[]) =>
    database.knex('deliveries').insert(lanes.map((client_id) => ({ kind: KIND, client_id, payload: {} })));
  const rows = () => database.knex('deliveries').orderBy('id');
  const row = async () => (await rows())[0];
  const line = (fields: unknown, message?: string) => void lines.push([fields, message]);

  const outboxOf = (send: Sender, parallel?: Parallel, from = store) =>
    outbox({
      store: from,
      senders: { [KIND]: send },
      clock,
      metrics: { countDelivery: (kind, outcome) => void outcomes.push(`${kind} ${outcome}`) },
      logger: { info: line, warn: line, error: line } as never,
      ...(parallel ? { parallel } : {}),
    });
  const run = (send: Sender, parallel?: Parallel) =>
    outboxOf(send, parallel).run(new AbortController().signal);
  const refuse = async () => {
    throw new UndeliveredError('The client answered with status 500.');
  };

  it('sends what is due, and keeps a note of it for a week', async () => {
    await queue('app');
    const sent: Delivery[] = [];
    await run(async (delivery) => void sent.push(delivery));
    const { id, created_at, give_up_at: giveUpAt, ...settled } = await row();
    expect(sent).toEqual([
      { id, kind: KIND, clientId: 'app', lane: 'app', payload: {}, attempt: 1, giveUpAt },
    ]);
    expect(settled).toEqual({
      ...{ kind: KIND, client_id: 'app', lane: 'app', payload: {}, state: 'delivered', attempts: 1 },
      ...{ due_at: null, last_error: null, attempted_at: clock.now(), settled_at: clock.now() },
      expires_at: new Date(clock.now().getTime() + 7 * 24 * HOUR * 1000),
    });
    expect(outcomes).toEqual(['test sent']);
    await run(refuse);
    expect(sent).toHaveLength(1);
  });

  it('pauses twice as long after each failure, an hour at most', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30].map(pauseSecondsAfter)).toEqual([
      ...[10, 20, 40, 80, 160, 320, 640, 1280, 2560],
      ...[HOUR, HOUR],
    ]);
  });

  it('sends to one that is down for a while when it is back', async () => {
    await queue('app');
    for (const seconds of [10, 20, 40]) {
      await run(refuse);
      const { due_at, last_error, state } = await row();
      expect({ due_at, last_error, state }).toEqual({
        due_at: new Date(clock.now().getTime() + seconds * 1000),
        last_error: 'The client answered with status 500.',
        state: 'queued',
      });
      clock.forward(seconds - 1);
      await run(refuse);
      clock.forward(1);
    }
    await run(async () => {});
    expect(await row()).toMatchObject({ state: 'delivered', attempts: 4, last_error: null });
    expect(outcomes).toEqual(['test failed', 'test failed', 'test failed', 'test sent']);
    expect(lines[0]).toEqual([
      {
        delivery: (await row()).id,
        ...{ kind: KIND, client: 'app', attempt: 1, detail: 'The client answered with status 500.' },
      },
      'a delivery failed',
    ]);
  });

  it('gives up after a day, keeps a note of it for a month, and sends nothing any more', async () => {
    await queue('app');
    const began = clock.now().getTime();
    let sent = 0;
    const step = async () => {
      await run(async () => {
        sent += 1;
        await refuse();
      });
      const { due_at } = await row();
      if (due_at) clock.forward((due_at.getTime() - clock.now().getTime()) / 1000);
      return due_at !== null;
    };
    while (await step());
    const hours = (clock.now().getTime() - began) / 1000 / HOUR;
    expect(hours).toBeGreaterThan(22.9);
    expect(hours).toBeLessThan(24);
    expect(sent).toBe(32);
    expect(await row()).toMatchObject({
      ...{ state: 'given_up', attempts: 32, due_at: null, settled_at: clock.now() },
      last_error: 'The client answered with status 500.',
      expires_at: new Date(clock.now().getTime() + 30 * 24 * HOUR * 1000),
    });
    expect(outcomes.at(-1)).toBe('test given_up');
    expect(lines.at(-1)).toEqual([expect.objectContaining({ attempt: 32 }), 'a delivery was given up']);
    clock.forward(24 * HOUR);
    await run(async () => {
      sent += 1;
    });
    expect(sent).toBe(32);
  });

  it('sends nothing when the time is over, though no process ran until then, and does not blame the receiver', async () => {
    await queue('app');
    await database.knex('deliveries').update({ give_up_at: clock.now() });
    const sent: string[] = [];
    const { run: deliver } = outboxOf(async ({ id }) => {
      sent.push(id);
      await until('all are under way', () => sent.length === 3);
    });
    await deliver(new AbortController().signal);
    expect(sent).toEqual([]);
    const detail = 'The time in which it was to be sent is over.';
    expect(await row()).toMatchObject({
      ...{ state: 'given_up', attempts: 1, due_at: null, settled_at: clock.now(), last_error: detail },
    });
    expect(lines).toEqual([[expect.objectContaining({ detail }), 'a delivery was given up']]);
    expect(outcomes).toEqual(['test given_up']);
    // A receiver that failed would get one at a time.
    await queue('app', 'app', 'app');
    await deliver(new AbortController().signal);
    expect(sent).toHaveLength(3);
  });

  it('is not held up by a receiver that never answers', async () => {
    await queue(...Array(50).fill('hangs'), 'one', 'two');
    const hanging = Promise.withResolvers<void>();
    let [hung, most] = [0, 0];
    const sent: unknown[] = [];
    const running = run(async ({ clientId, id }) => {
      if (clientId !== 'hangs') return void sent.push(clientId);
      hung += 1;
      most = Math.max(most, hung);
      await hanging.promise;
      hung -= 1;
      sent.push(id);
    });
    await until('the others have theirs', () => sent.length === 2);
    expect(sent.toSorted()).toEqual(['one', 'two']);
    expect(hung).toBe(4);
    // A later one waits for nobody, either.
    await queue('three');
    await until('the third has its own', () => sent.length === 3);
    expect(sent.at(-1)).toBe('three');
    hanging.resolve();
    await running;
    expect(most).toBe(4);
    expect(new Set(sent).size).toBe(53);
    expect(await database.knex('deliveries').whereNot({ state: 'delivered' })).toEqual([]);
  });

  it('is not held up by more receivers that never answer than it has places', async () => {
    const dead = Array.from({ length: 40 }, (_, n) => `dead-${n}`);
    await queue(...dead);
    const { run: deliver } = outboxOf(async ({ clientId }) => {
      if (clientId !== 'healthy') await hanging?.promise;
      else sent.push(clientId);
      if (clientId !== 'healthy') await refuse();
    });
    const sent: unknown[] = [];
    let hanging: PromiseWithResolvers<void> | undefined;
    // All fail once, so they are known.
    await deliver(new AbortController().signal);
    clock.forward(HOUR);
    hanging = Promise.withResolvers<void>();
    await queue(...dead, ...dead);
    const running = deliver(new AbortController().signal);
    const underWay = () => database.knex('deliveries').where({ attempted_at: clock.now() });
    await until('half of the places are taken', async () => (await underWay()).length === 16);
    await queue('healthy');
    await until('the healthy one has its own', () => sent.length === 1);
    // One more look has taken none of the others.
    expect(await underWay()).toHaveLength(17);
    hanging.resolve();
    await running;
    // They, too, were tried, each of them.
    expect(await database.knex('deliveries').where({ attempts: 0 })).toEqual([]);
  });

  it('goes on when the last one ended while it asked for more', async () => {
    await queue('app', 'app');
    const sent: string[] = [];
    const first = Promise.withResolvers<void>();
    const { claim } = store;
    let claims = 0;
    const slow: DeliveryStore = {
      ...store,
      async claim(...asked) {
        claims += 1;
        const claimed = await claim(...asked);
        // The second claim finds the lane full, and the first delivery ends meanwhile.
        if (claims === 2) {
          first.resolve();
          await until('it has ended', () => outcomes.length === 1);
        }
        return claimed;
      },
    };
    const sender: Sender = async ({ id }) => {
      sent.push(id);
      if (sent.length === 1) await first.promise;
    };
    await outboxOf(sender, { atOnce: 2, perLane: 1 }, slow).run(new AbortController().signal);
    expect(sent).toHaveLength(2);
  });

  it('sends one at a time where it failed last, until it works again', async () => {
    await queue('app');
    let [under, most] = [0, 0];
    let works = false;
    const sender: Sender = async () => {
      under += 1;
      most = Math.max(most, under);
      await pause(20);
      under -= 1;
      if (!works) await refuse();
    };
    const { run: deliver } = outboxOf(sender);
    await deliver(new AbortController().signal);
    await queue(...Array(5).fill('app'));
    most = 0;
    await deliver(new AbortController().signal);
    expect({ most, sent: outcomes.length }).toEqual({ most: 1, sent: 6 });
    works = true;
    clock.forward(60);
    await deliver(new AbortController().signal);
    expect(most).toBeGreaterThan(1);
  });

  it('sends no more at a time than it may', async () => {
    await queue(...Array.from({ length: 30 }, (_, n) => `app-${n}`));
    let [under, most] = [0, 0];
    await run(
      async () => {
        under += 1;
        most = Math.max(most, under);
        await pause(5);
        under -= 1;
      },
      { atOnce: 3, perLane: 2 },
    );
    expect(most).toBe(3);
    expect(outcomes).toEqual(Array(30).fill('test sent'));
  });

  it('sends again what a process that died had taken, a minute later', async () => {
    await queue('app');
    const room = { free: 1, perLane: 1, ofLanes: {}, ofAiling: 1, ailing: [] };
    const until = new Date(clock.now().getTime() + 60_000);
    const [taken] = await store.claim([KIND], room, { now: clock.now(), until });
    expect(taken?.attempt).toBe(1);
    const attempts: number[] = [];
    const send: Sender = async ({ attempt }) => void attempts.push(attempt);
    clock.forward(59);
    await run(send);
    expect(attempts).toEqual([]);
    clock.forward(1);
    await run(send);
    expect(attempts).toEqual([2]);
    // It was not dead after all, but it has no say any more.
    const times = { now: clock.now(), next: clock.now() };
    expect(await store.failed(taken as Delivery, 'too late', times)).toBeUndefined();
    expect(await row()).toMatchObject({ state: 'delivered', attempts: 2 });
  });

  it('leaves a kind that it does not know to another release', async () => {
    await database.knex('deliveries').insert({ kind: 'mail', payload: {} });
    await run(refuse);
    expect(await row()).toMatchObject({ state: 'queued', attempts: 0, lane: 'mail' });
  });

  it('says nothing of an error that was not meant for an operator', async () => {
    await queue('app');
    await run(async () => {
      throw new Error('secret');
    });
    expect((await row()).last_error).toBe('This server could not send it; its log says why.');
    expect(lines).toContainEqual([{ err: new Error('secret') }, 'the outbox failed']);
  });

  it('takes nothing more when it is stopped, and settles what is under way', async () => {
    await queue('one', 'two');
    const answer = Promise.withResolvers<void>();
    const begun: unknown[] = [];
    const stopping = new AbortController();
    const running = outboxOf(
      async ({ clientId }) => {
        begun.push(clientId);
        await answer.promise;
      },
      { atOnce: 1, perLane: 1 },
    ).run(stopping.signal);
    await until('one is under way', () => begun.length === 1);
    stopping.abort();
    answer.resolve();
    await running;
    const states = (await rows()).map(({ client_id, state }) => [client_id === begun[0], state]);
    expect(states.toSorted()).toEqual([
      [false, 'queued'],
      [true, 'delivered'],
    ]);
  });

  it('asks the database once when nothing is due', async () => {
    const asked: string[] = [];
    const note = ({ sql }: { sql: string }) => asked.push(sql);
    database.knex.on('query', note);
    try {
      await run(refuse);
      expect(asked).toEqual(['SELECT FROM deliveries WHERE due_at <= $1 AND kind = ANY ($2) LIMIT 1']);
    } finally {
      database.knex.off('query', note);
    }
  });

  it('counts what waits, and since when', async () => {
    expect(await store.backlog(clock.now())).toEqual({ count: 0, oldestSeconds: 0 });
    await queue('one', 'two');
    await database.knex('deliveries').where({ client_id: 'one' }).update({ created_at: clock.now() });
    await database
      .knex('deliveries')
      .where({ client_id: 'two' })
      .update({ created_at: new Date(clock.now().getTime() - 5000) });
    expect(await store.backlog(clock.now())).toEqual({ count: 2, oldestSeconds: 5 });
  });
});
