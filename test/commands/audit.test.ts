import { AUDIT_EVENTS } from '../../src/audit/events.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';

const NOW = new Date('2026-11-27T14:00:00Z');

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  const event = (minutes: number, columns: object) => ({
    ...{ at: new Date(NOW.getTime() - minutes * 60_000), way: 'request', detail: '{}' },
    ...columns,
  });
  await database.knex('audit_events').delete();
  await database.knex('audit_events').insert([
    event(120, {
      event: 'sign_in.succeeded',
      person_id: 'ada',
      client_id: 'web',
      instance_id: 'demo',
      request_id: 'r1',
    }),
    event(60, {
      event: 'sign_in.refused',
      person_id: 'ada',
      client_id: 'app',
      instance_id: 'demo',
      request_id: 'r2',
    }),
    event(10, { event: 'session.ended', person_id: 'bob', instance_id: 'other', way: 'role \u001b[31mx' }),
  ]);
});
afterAll(() => database.close());

const cli = (...words: string[]) => runOn(database, ['audit', ...words], { clock: { now: () => NOW } });
const eventsOf = async (...words: string[]) => {
  const { out } = await cli(...words, '--json');
  return out.map((line) => JSON.parse(line).event);
};

describe('audit', () => {
  it('prints a table, the newest first, with nothing that steers a terminal', async () => {
    const { code, out, err } = await cli();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['at', 'event'],
      ['2026-11-27T13:50:00.000Z', 'session.ended'],
      ['2026-11-27T13:00:00.000Z', 'sign_in.refused'],
      ['2026-11-27T12:00:00.000Z', 'sign_in.succeeded'],
    ]);
    expect(out[1]).toContain('role \\u001b[31mx');
  });

  it('prints a line of JSON for each event', async () => {
    const { out } = await cli('--json', '--limit', '1', '--person', 'ada');
    expect(out).toEqual([
      expect.stringMatching(
        /^\{"id":"\d+","at":"2026-11-27T13:00:00\.000Z","event":"sign_in\.refused","person_id":"ada"/,
      ),
    ]);
  });

  it.each<[string[], string[]]>([
    [
      ['--person', 'ada'],
      ['sign_in.refused', 'sign_in.succeeded'],
    ],
    [['--client', 'web'], ['sign_in.succeeded']],
    [['--instance', 'other'], ['session.ended']],
    [['--request', 'r2'], ['sign_in.refused']],
    [['--event', 'sign_in.refused'], ['sign_in.refused']],
    [
      ['--event', 'sign_in'],
      ['sign_in.refused', 'sign_in.succeeded'],
    ],
    [
      ['--since', '1h'],
      ['session.ended', 'sign_in.refused'],
    ],
    [['--since', '90m', '--until', '30m'], ['sign_in.refused']],
    [['--until', '2026-11-27T13:00:00Z'], ['sign_in.succeeded']],
    [['--since', '2026-11-28'], []],
  ])('finds by %j', async (words, found) => {
    expect(await eventsOf(...words)).toEqual(found);
  });

  it('says that there are more, and that there are none', async () => {
    expect(await cli('--limit', '2')).toMatchObject({
      code: 0,
      err: 'There are more: say --limit, or --until the time of the last one.\n',
    });
    expect(await cli('--person', 'nobody')).toEqual({ code: 0, out: ['None.'], err: '' });
  });

  it('says that a person is named by id where an address finds nothing', async () => {
    expect(await cli('--person', 'ada@demo.example')).toEqual({
      code: 0,
      out: ['None.'],
      err: '--person takes an id, because the trail keeps no addresses. npx listo person list --email ADDRESS shows it.\n',
    });
  });

  it.each([
    [
      ['--event', 'sign_in.refuse'],
      'There is no such event. Do you mean sign_in.refused? npx listo audit events explains all.',
    ],
    [['--event', 'x'], 'There is no such event. npx listo audit events explains all.'],
    [['--limit', '0'], '--limit takes a whole number from 1 to 100000.'],
    [
      ['--since', 'yesterday'],
      '--since takes a day such as 2026-11-27, a time with its zone such as 2026-11-27T14:00:00Z, or an age such as 30m, 12h or 7d.',
    ],
    [
      ['--until', '2026-13-01'],
      '--until takes a day such as 2026-11-27, a time with its zone such as 2026-11-27T14:00:00Z, or an age such as 30m, 12h or 7d.',
    ],
  ])('refuses %j', async (words, sentence) => {
    expect(await cli(...words)).toEqual({ code: 1, out: [], err: `${sentence}\n` });
  });

  it('explains every event', async () => {
    const { out } = await runOn(database, ['audit', 'events']);
    expect(out.slice(1).map((line) => line.split(' ')[0])).toEqual(Object.keys(AUDIT_EVENTS).toSorted());
  });
});
