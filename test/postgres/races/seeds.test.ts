import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeSeedFolder, type SeedFolder } from '../../commands/plan/seed-folder.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { RACE_MS } from './two-servers.ts';

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));
const ROUNDS = 5;

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

/** A command in its own process. */
function listo(...words: string[]) {
  const env = { PATH: process.env.PATH, DATABASE_URL: database.url, ISSUER: 'https://login.example' };
  const child: ChildProcess = spawn(process.execPath, [CLI, ...words], { cwd: folder.path, env });
  const output = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }));
  return { child, ended };
}

/** The sessions of this database that run the statements of a file just now. */
async function running(): Promise<number[]> {
  const { rows } = await database.knex.raw(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query = 'SELECT pg_temp.run_seeds()'",
  );
  return rows.map(({ pid }: { pid: number }) => pid);
}

describe('two processes that apply at once', () => {
  it(
    'apply one after the other: one changes, and the other finds nothing or something that changed meanwhile',
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const file = folder.write(
          'many.sql',
          `INSERT INTO instances (id, name) SELECT 'many-${round}-' || n, 'Many' FROM generate_series(1, 300) AS n
           ON CONFLICT (id) DO UPDATE SET name = excluded.name;`,
        );
        const runs = await Promise.all([listo('apply', file).ended, listo('apply', file).ended]);
        for (const { code, out, err } of runs) {
          const isApplied = code === 0 && /^(Applied|Nothing to change)\.$/m.test(out);
          expect({
            isApplied,
            isRefused: code === 1 && err.includes('Something changed since this was planned'),
          }).toEqual({
            isApplied,
            isRefused: !isApplied,
          });
        }
        expect(runs.filter(({ out }) => /^Applied\.$/m.test(out))).toHaveLength(1);
        expect(await database.knex('instances').where('id', 'like', `many-${round}-%`)).toHaveLength(300);
      }
    },
    RACE_MS,
  );

  it('says that it waits for another', async () => {
    const file = folder.write('one.sql', 'SELECT 1');
    await database.knex.transaction(async (trx) => {
      await trx.raw('SELECT pg_advisory_xact_lock(4710002)');
      const { child, ended } = listo('plan', file);
      const [said] = (await once(child.stderr ?? child, 'data')) as [Buffer];
      expect(String(said)).toBe('Another process applies registrations just now; this one waits for it.\n');
      await trx.commit();
      expect(await ended).toMatchObject({ code: 0, out: 'Nothing to change.\n' });
    });
  });
});

describe('Ctrl-C', () => {
  it('ends what the database does for a file that never ends', async () => {
    const file = folder.write(
      'never.sql',
      'SELECT 1;\nSELECT count(*) FROM generate_series(1, 1000000000000);',
    );
    // A session of a process that has just ended may still be seen.
    const before = await running();
    const { child, ended } = listo('seed', file);
    let pid: number | undefined;
    while (pid === undefined) pid = (await running()).find((other) => !before.includes(other));
    child.kill('SIGINT');
    expect(await ended).toEqual({
      ...{ code: 1, out: '' },
      err: `${file}:2:1: stopped\n  Nothing was applied.\n`,
    });
    expect(await running()).not.toContain(pid);
  });
});
