import { freePort } from '../../scripts/free-port.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { DatabaseAwayError, OperatorError } from '../../src/platform/errors.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../support/test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The error of opening the test's database at a changed address. */
async function failureAt(change: (url: URL) => void): Promise<{ kind: unknown; message: string }> {
  const url = new URL(database.url ?? '');
  change(url);
  const error = await openDatabase({ url: url.href, poolSize: 1 }).catch((thrown: Error) => thrown);
  if (!(error instanceof Error)) throw new Error('It opened.');
  return { kind: error.constructor, message: error.message.replaceAll(/:\d+\//g, ':PORT/') };
}

describe('a Postgres that cannot be used', () => {
  it('is to be corrected when it refuses the password', async () => {
    expect(await failureAt((url) => Object.assign(url, { password: 'wrong' }))).toEqual({
      kind: OperatorError,
      message: expect.stringMatching(
        /refuses to let this server in: .*Correct the user and password of DATABASE_URL\.$/,
      ),
    });
  });

  it('is to be corrected when it asks for a password and there is none', async () => {
    const failure = await failureAt((url) => Object.assign(url, { password: '', pathname: '/x' }));
    expect(failure).toEqual({
      kind: OperatorError,
      message: expect.stringMatching(/:PORT\/x asks for a password, and DATABASE_URL has none\.$/),
    });
  });

  it('is to be corrected when its role may not make the schema', async () => {
    await database.knex.raw("CREATE ROLE visitor LOGIN PASSWORD 'visitor'");
    await database.knex.raw('DROP TABLE knex_migrations');
    const url = new URL(database.url ?? '');
    Object.assign(url, { username: 'visitor', password: 'visitor' });
    const visiting = await openDatabase({ url: url.href, poolSize: 1 });
    try {
      const error = await migrate(visiting).catch((thrown: Error) => thrown);
      expect(error).toBeInstanceOf(OperatorError);
      expect((error as Error).message).toBe(
        'The schema cannot be brought up to date: permission denied for schema public. Let the user of DATABASE_URL own the database and what is in it.',
      );
    } finally {
      await visiting.close();
      await database.knex.raw('DROP ROLE visitor');
    }
  });

  it('may only be away while it can only be read', async () => {
    const name = new URL(database.url ?? '').pathname.slice(1);
    await database.knex.raw('ALTER DATABASE ?? SET default_transaction_read_only = on', [name]);
    expect(await failureAt(() => undefined)).toEqual({
      kind: DatabaseAwayError,
      message: expect.stringMatching(
        / can only be read\. Name the node that can be written to in DATABASE_URL, or wait until this one is\.$/,
      ),
    });
    await database.knex.raw('ALTER DATABASE ?? RESET default_transaction_read_only', [name]);
  });

  it('is to be corrected when it has no such database', async () => {
    expect(await failureAt((url) => Object.assign(url, { pathname: '/nowhere' }))).toEqual({
      kind: OperatorError,
      message: expect.stringMatching(/has no such database: .*Create it, or correct DATABASE_URL\.$/),
    });
  });

  it.each([
    ['-c nonsense=1', 'unrecognized configuration parameter "nonsense"'],
    ['-c work_mem=many', 'invalid value for parameter "work_mem": "many"'],
  ])('is to be corrected when it refuses the options %s', async (options, reason) => {
    expect(
      await failureAt((url) => Object.assign(url, { search: `options=${encodeURIComponent(options)}` })),
    ).toEqual({
      kind: OperatorError,
      message: expect.stringContaining(`refuses what DATABASE_URL says: ${reason}. Correct its options.`),
    });
  });

  it('may only be away when nothing listens, or a name server does not know it', async () => {
    const port = String(await freePort());
    expect(
      await failureAt((url) => Object.assign(url, { hostname: '127.0.0.1', port, pathname: '/x' })),
    ).toEqual({
      kind: DatabaseAwayError,
      message:
        'Postgres at 127.0.0.1:PORT/x does not answer (ECONNREFUSED). Start it, or correct DATABASE_URL.',
    });
    expect(
      await failureAt((url) => Object.assign(url, { hostname: 'nowhere.invalid', pathname: '/x' })),
    ).toEqual({
      kind: DatabaseAwayError,
      message: expect.stringMatching(
        /^Postgres at nowhere\.invalid:PORT\/x: the host is not known \((ENOTFOUND|EAI_AGAIN)\)\. Correct DATABASE_URL\.$/,
      ),
    });
  });

  it('may only be away when it takes no connections', async () => {
    const { pathname } = new URL(database.url ?? '');
    await database.knex.raw('ALTER DATABASE ?? CONNECTION LIMIT 0', [pathname.slice(1)]);
    await database.knex.raw("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    try {
      expect(await failureAt((url) => Object.assign(url, { username: 'guest', password: 'guest' }))).toEqual({
        kind: DatabaseAwayError,
        message: expect.stringMatching(
          / has no connection left for this server: too many connections for database ".*"\. Allow it more, or end what holds them\.$/,
        ),
      });
    } finally {
      await database.knex.raw('DROP ROLE guest');
    }
  });
});
