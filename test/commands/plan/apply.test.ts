import { createHash } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { by, eventsOf } from '../../support/databases/audit-trail.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import { ACME, makeSeedFolder, type SeedFolder } from './seed-folder.ts';

let database: TestDatabase;
let folder: SeedFolder;
beforeAll(async () => {
  database = await openTestDatabase();
  folder = makeSeedFolder();
});
afterAll(async () => {
  folder.remove();
  await database.close();
});

const run = (...words: string[]) => runOn(database, words);
const file = (sql: string) => folder.write('acme.sql', sql);
const sha256 = (sql: string) => createHash('sha256').update(sql).digest('hex');

/** The events that say that a file was applied. */
async function appliedBy(work: () => Promise<unknown>) {
  const events = await eventsOf(database.knex, work);
  return events.filter(({ event }) => event === 'seeds.applied');
}

describe('listo apply', () => {
  it('prints what a plan prints, applies it, and leaves nothing to plan', async () => {
    const acme = file(ACME);
    const { out: planned } = await run('plan', acme);
    expect(await run('apply', acme)).toEqual({ code: 0, out: [...planned, 'Applied.'], err: '' });
    expect(await run('plan', acme)).toEqual({ code: 0, out: ['Nothing to change.'], err: '' });
    expect(await run('apply', acme)).toEqual({ code: 0, out: ['Nothing to change.'], err: '' });
    expect(await run('seed', acme)).toEqual({ code: 0, out: ['Nothing changed.'], err: '' });
  });

  it('records who applied which file, each first time and each time that it changed something', async () => {
    const sql = `${ACME} UPDATE instances SET name = 'Acme Inc.';`;
    const acme = file(sql);
    const told = (inserted: number, updated: number, deleted: number) => ({
      ...{
        event: 'seeds.applied',
        person_id: null,
        client_id: null,
        instance_id: null,
        ...by(`seed ${acme}`),
      },
      detail: {
        ...{ file: acme, sha256: sha256(sql), user: userInfo().username, host: hostname() },
        ...{ inserted, updated, deleted },
      },
    });
    expect(await appliedBy(() => run('apply', acme))).toEqual([told(0, 1, 0)]);
    expect(await appliedBy(() => run('apply', acme))).toEqual([]);
    expect(await appliedBy(() => run('plan', acme))).toEqual([]);
    await database.knex('people').where({ id: 'bob' }).delete();
    expect(await appliedBy(() => run('seed', acme))).toEqual([told(1, 0, 0)]);
    const other = folder.write('nothing.sql', 'SELECT 1');
    expect(await appliedBy(() => run('seed', other))).toMatchObject([{ way: `seed ${other}` }]);
    expect(await appliedBy(() => run('seed', other))).toEqual([]);
  });

  it('applies all files or none', async () => {
    const first = folder.write('first.sql', "INSERT INTO instances (id, name) VALUES ('first', 'First')");
    const second = folder.write('second.sql', 'SELECT 1/0');
    expect(await run('apply', first, second)).toMatchObject({ code: 1, out: [] });
    expect(await database.knex('instances').where({ id: 'first' })).toEqual([]);
    expect(await run('apply', first, first)).toMatchObject({ code: 1, err: `${first} is named twice.\n` });
  });
});

describe('before it deletes what others hang on, listo apply', () => {
  const SQL = "DELETE FROM clients WHERE id = 'acme-web'";
  const clients = () => database.knex('clients').where({ id: 'acme-web' }).pluck('id');

  it('asks, and does nothing without a yes', async () => {
    const asked: string[] = [];
    const no = async (question: string) => {
      asked.push(question);
      return false;
    };
    const { code, err } = await runOn(database, ['apply', file(SQL)], { ask: no });
    expect({ code, err, asked }).toEqual({
      ...{ code: 1, err: 'Nothing was applied.\n' },
      asked: ['With what is deleted go 1 secret.'],
    });
    expect(await clients()).toEqual(['acme-web']);
  });

  it('refuses where nobody can be asked, and names --yes', async () => {
    const { code, err } = await run('apply', file(SQL));
    expect({ code, err }).toEqual({
      code: 1,
      err: 'With what is deleted go 1 secret. Nothing was applied; --yes allows it.\n',
    });
    expect(await clients()).toEqual(['acme-web']);
  });

  it('applies nothing if something changed while the person read', async () => {
    const slowYes = async () => {
      await database.knex('clients').where({ id: 'acme-web' }).update({ name: 'Changed meanwhile' });
      return true;
    };
    const { code, err } = await runOn(database, ['apply', file(SQL)], { ask: slowYes });
    expect({ code, err }).toEqual({
      code: 1,
      err: 'Something changed since this was planned, or a file computes something else each time. Nothing was applied; plan again.\n',
    });
    expect(await clients()).toEqual(['acme-web']);
  });

  it('takes --yes for the answer, and asks nothing for a row on which nothing hangs', async () => {
    expect((await run('apply', '--yes', file(SQL))).out.at(-1)).toBe('Applied.');
    expect(await clients()).toEqual([]);
    expect((await run('apply', file("DELETE FROM people WHERE id = 'bob'"))).out.at(-1)).toBe('Applied.');
  });
});

describe('a second run makes the same changes', () => {
  it('when a file has the time, or the database makes an id', async () => {
    const sql = `INSERT INTO people (instance_id, name) SELECT 'acme', 'Eve' WHERE NOT EXISTS (SELECT FROM people WHERE name = 'Eve');
      INSERT INTO worker_ids SELECT id, 'of-eve' FROM people WHERE name = 'Eve' ON CONFLICT DO NOTHING;
      UPDATE clients SET disabled_at = now() WHERE id = 'acme-spa';`;
    expect((await run('apply', file(sql))).out.at(-1)).toBe('Applied.');
    expect(await database.knex('worker_ids').where({ worker_id: 'of-eve' })).toHaveLength(1);
  });

  it('and otherwise nothing is applied', async () => {
    const { code } = await run('apply', file('UPDATE instances SET name = random()::text'));
    expect({ code, names: await database.knex('instances').pluck('name') }).toEqual({
      ...{ code: 1, names: ['Acme Inc.'] },
    });
  });
});
