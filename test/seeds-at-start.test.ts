import { Writable } from 'node:stream';
import { applySeedsAtStart } from '../src/apply-seeds.ts';
import { createLogger } from '../src/platform/log/logger.ts';
import { ACME, makeSeedFolder, type SeedFolder } from './commands/plan/seed-folder.ts';
import { openTestDatabase, type TestDatabase } from './support/databases/test-database.ts';

let database: TestDatabase;
let folder: SeedFolder;
beforeEach(async () => {
  database = await openTestDatabase();
  folder = makeSeedFolder();
});
afterEach(async () => {
  folder.remove();
  await database.close();
});

/** The log lines of a start with SEEDS_DIR, without their time. */
async function start(seedsDeletions: 'apply' | 'refuse' = 'apply') {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      const { time: _time, ...line } = JSON.parse(String(chunk));
      lines.push(line);
      done();
    },
  });
  const logger = createLogger({ level: 'info', destination });
  const settings = { issuer: 'https://login.example', seedsDir: folder.path, seedsDeletions };
  await applySeedsAtStart(settings, { database, logger, demoSeed: undefined });
  return lines;
}

describe('a start with SEEDS_DIR', () => {
  it('says each row that changed, of people without names, and nothing of it the second time', async () => {
    const seed = folder.write('acme.sql', `${ACME} UPDATE clients SET name = 'x' WHERE id = 'acme-sap';`);
    const lines = await start();
    const line = (n: number, fields: object) => ({
      ...{ level: 'info', seed, line: n, operation: 'insert', msg: 'registration changed', ...fields },
    });
    expect(lines).toEqual([
      {
        level: 'warn',
        seed,
        line: 13,
        msg: 'No row of clients has the id acme-sap; perhaps acme-spa is meant.',
      },
      line(2, { table: 'instances', key: 'acme', old: {}, new: expect.objectContaining({ name: 'Acme' }) }),
      line(4, {
        table: 'clients',
        key: 'acme-spa',
        old: {},
        new: expect.objectContaining({ type: 'public' }),
      }),
      line(4, { table: 'clients', key: 'acme-web', old: {}, new: expect.anything() }),
      line(8, {
        ...{ table: 'client_secrets', key: 'acme-web default', old: {} },
        new: expect.objectContaining({ digest: 'sha256:4a72303a…' }),
      }),
      line(11, { table: 'people', key: 'ada' }),
      line(11, { table: 'people', key: 'bob' }),
      { level: 'info', seed, changes: 6, msg: 'seed applied' },
    ]);
    expect((await start()).slice(1)).toEqual([{ level: 'info', seed, changes: 0, msg: 'seed applied' }]);
    folder.write('acme.sql', "UPDATE people SET name = 'Ada Lovelace' WHERE id = 'ada'");
    expect((await start())[0]).toEqual(
      line(1, { table: 'people', key: 'ada', operation: 'update', named: ['name'] }),
    );
  });

  it('tells the audit trail of each file', async () => {
    const seed = folder.write('acme.sql', ACME);
    await start();
    await start();
    const events = await database.knex('audit_events').where({ event: 'seeds.applied' });
    expect(events.map(({ way, detail }) => [way, detail.inserted])).toEqual([[`seed ${seed}`, 6]]);
  });

  it('applies nothing of a folder of which one file is refused', async () => {
    folder.write('10.sql', ACME);
    folder.write('20.sql', 'SELECT 1/0');
    await expect(start()).rejects.toThrow('20.sql: division by zero');
    expect(await database.knex('instances')).toEqual([]);
  });

  it('deletes where SEEDS_DELETIONS allows it, and otherwise ends with a sentence and changes nothing', async () => {
    folder.write('10.sql', ACME);
    await start('refuse');
    folder.write('10.sql', "UPDATE instances SET name = 'Changed'");
    const seed = folder.write('20.sql', "DELETE FROM instances WHERE id = 'acme'");
    await expect(start('refuse')).rejects.toThrow(
      `${seed} deletes instances acme and 5 more rows, and SEEDS_DELETIONS=refuse. Nothing of SEEDS_DIR was applied.\n  See all of it with: npx listo plan ${seed}\n  Apply it with: npx listo apply ${seed}`,
    );
    expect(await database.knex('instances').pluck('name')).toEqual(['Acme']);
    await start('apply');
    expect(await database.knex('instances')).toEqual([]);
    await start('refuse');
  });
});
