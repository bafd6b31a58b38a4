import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';

const UNKNOWN = 'There is no delivery with this number. npx listo deliveries list shows those there are.\n';

describe('the commands about deliveries', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    await database.knex.raw(`
      INSERT INTO instances (id, name) VALUES ('home', 'Home');
      INSERT INTO clients (id, instance_id, name, type, redirect_uris)
      VALUES ('portal', 'home', 'Portal', 'public', '{https://app.example/callback}');
      INSERT INTO deliveries (kind, client_id, payload, state, attempts, created_at, attempted_at, due_at, give_up_at, settled_at, last_error)
      VALUES
        ('backchannel_logout', 'portal', '{"sub": "ada", "sid": "one"}', 'delivered', 1, '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', NULL, '2026-01-03T03:04:05Z', '2026-01-02T03:04:06Z', NULL),
        ('backchannel_logout', 'portal', '{"sub": "bob"}', 'given_up', 32, '2026-01-02T03:04:05Z', '2026-01-03T03:00:00Z', NULL, '2026-01-03T03:04:05Z', '2026-01-03T03:00:00Z', E'portal.example\\u001b did not answer.'),
        ('mail', NULL, '{}', 'queued', 0, '2026-01-02T03:04:05Z', NULL, '2026-01-02T03:04:05Z', '2026-01-03T03:04:05Z', NULL, NULL)`);
  });
  afterAll(() => database.close());

  const run = (words: string) => runOn(database, words.split(' '));
  const ids = async (words: string) => {
    const { out } = await run(`${words} --json`);
    return JSON.parse(out.join('\n')).map(({ id }: { id: string }) => id);
  };

  it('list them as a table, the newest first', async () => {
    expect(await run('deliveries list')).toEqual({
      code: 0,
      out: [
        'id  kind                client_id  state      attempts  created_at                due_at                    last_error',
        '3   mail                -          queued     0         2026-01-02T03:04:05.000Z  2026-01-02T03:04:05.000Z  -',
        '2   backchannel_logout  portal     given_up   32        2026-01-02T03:04:05.000Z  -                         portal.example\\u001b did not answer.',
        '1   backchannel_logout  portal     delivered  1         2026-01-02T03:04:05.000Z  -                         -',
      ],
      err: '',
    });
  });

  it.each([
    ['deliveries list', ['3', '2', '1']],
    ['deliveries list --state queued', ['3']],
    ['deliveries list --kind backchannel_logout', ['2', '1']],
    ['deliveries list --client portal --state delivered', ['1']],
    ['deliveries list --after 3', ['2', '1']],
    ['deliveries list --after 1', []],
  ])('list some of them: %s', async (words, expected) => {
    expect(await ids(words)).toEqual(expected);
  });

  it.each([
    ['deliveries list --state lost', 'STATE is queued, delivered or given_up.\n'],
    [
      'deliveries list --client portel',
      'There is no client with this id. Perhaps portal is meant. npx listo client list shows those there are.\n',
    ],
    ['deliveries list --after 1;', UNKNOWN],
    ['deliveries show 4', UNKNOWN],
    ['deliveries show 0', UNKNOWN],
    ['deliveries show 1.5', UNKNOWN],
    ['deliveries show 99999999999999999999', UNKNOWN],
    ["deliveries show 1'--", UNKNOWN],
    ['deliveries retry 4', UNKNOWN],
    ['deliveries retry portal', UNKNOWN],
  ])('refuse %s', async (words, err) => {
    expect(await run(words)).toEqual({ code: 1, out: [], err });
  });

  it('show all of one', async () => {
    expect(await run('deliveries show 1')).toEqual({
      code: 0,
      out: [
        'id            1',
        'kind          backchannel_logout',
        'client_id     portal',
        'state         delivered',
        'attempts      1',
        'created_at    2026-01-02T03:04:05.000Z',
        'attempted_at  2026-01-02T03:04:06.000Z',
        'due_at        -',
        'give_up_at    2026-01-03T03:04:05.000Z',
        'settled_at    2026-01-02T03:04:06.000Z',
        'last_error    -',
        'payload       {"sid":"one","sub":"ada"}',
      ],
      err: '',
    });
    const { out } = await run('deliveries show 2 --json');
    expect(JSON.parse(out.join('\n'))).toMatchObject({ id: '2', state: 'given_up', payload: { sub: 'bob' } });
  });

  it('queue one again, for another day', async () => {
    const before = Date.now();
    expect(await run('deliveries retry 2')).toEqual({
      code: 0,
      out: ['Queued. A running server sends it within a second or two.'],
      err: '',
    });
    const { state, attempts, settled_at, due_at, give_up_at } = await database
      .knex('deliveries')
      .where({ id: 2 })
      .first();
    expect({ state, attempts, settled_at }).toEqual({ state: 'queued', attempts: 0, settled_at: null });
    expect(give_up_at.getTime() - due_at.getTime()).toBe(24 * 3600 * 1000);
    expect(due_at.getTime()).toBeGreaterThan(before - 60_000);
  });
});
