import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { type ServerProcess, spawnServerProcess } from '../../support/servers/server-process.ts';
import { unique } from '../../support/servers/test-server.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The whole output of a start that fails, and its status. */
async function refusalOf(url: string, env: Record<string, string> = {}) {
  const server: ServerProcess = await spawnServerProcess(url, env);
  const status = await server.exited;
  return {
    status,
    lines: server
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

function saying(msg: unknown) {
  return { status: 78, lines: [{ level: 'fatal', time: expect.any(String), msg }] };
}

describe.each(['1', '2'])(
  'a start of %s process that somebody must correct ends with one sentence:',
  (WORKERS) => {
    it('a role that may not make tables', async () => {
      const role = unique('visitor');
      await database.knex.raw("CREATE ROLE ?? LOGIN PASSWORD 'visitor'", [role]);
      await database.knex.raw('DROP TABLE IF EXISTS knex_migrations');
      const url = Object.assign(new URL(database.url ?? ''), { username: role, password: 'visitor' });
      try {
        expect(await refusalOf(url.href, { WORKERS })).toEqual(
          saying(
            `The role ${role} of DATABASE_URL lacks a privilege (permission denied for schema public). Run: GRANT USAGE, CREATE ON SCHEMA "public" TO "${role}";`,
          ),
        );
      } finally {
        await database.knex.raw('DROP ROLE ??', [role]);
      }
    });

    it('a schema in which somebody made tables of the same names', async () => {
      expect(await refusalOf(database.url ?? '', { WORKERS })).toEqual(
        saying(
          expect.stringMatching(
            /^The migration 0001-registration failed \(.* already exists.*\), and nothing was changed\. /,
          ),
        ),
      );
    });

    it('a certificate that is missing, and a variable that is misspelt', async () => {
      const url = `${database.url}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`;
      expect(await refusalOf(url, { WORKERS, TRUSTED_PROXY: '10.0.0.0/8' })).toEqual(
        saying(
          [
            'The configuration is wrong:',
            '  - DATABASE_URL cannot be used: sslrootcert names /nowhere/ca.pem, which cannot be read (ENOENT). It takes postgres://user:password@host:5432/database, percent-encoded, or host=… dbname=….',
            '  - TRUSTED_PROXY is not a variable of this server. Write TRUSTED_PROXIES, if that is meant; otherwise set TRUSTED_PROXIES as well.',
          ].join('\n'),
        ),
      );
    });

    it('TLS where Postgres offers none', async () => {
      expect(await refusalOf(`${database.url}?sslmode=require`, { WORKERS })).toEqual(
        saying(expect.stringMatching(/ offers no TLS, which DATABASE_URL demands\. /)),
      );
    });
  },
);
