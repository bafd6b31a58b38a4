import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { freePort } from '../../../scripts/free-port.ts';
import { openDatabase } from '../../../src/platform/database.ts';
import { DatabaseAwayError, OperatorError } from '../../../src/platform/errors.ts';
import { migrate } from '../../../src/platform/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { unique } from '../../support/servers/test-server.ts';

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

/** A database of its own, with a role of the same name that owns nothing. */
async function anEmptyDatabase(password: string, options = '') {
  const name = unique('listo_empty').replace('-', '_');
  await database.knex.raw(`CREATE DATABASE ?? ${options}`, [name]);
  await database.knex.raw(`CREATE ROLE ?? LOGIN PASSWORD '${password}'`, [name]);
  return {
    name,
    at(username?: string): string {
      const url = Object.assign(new URL(database.url ?? ''), { pathname: `/${name}` });
      return Object.assign(url, username ? { username, password } : {}).href;
    },
    async remove() {
      await database.knex.raw('DROP DATABASE ?? WITH (FORCE)', [name]);
      await database.knex.raw('DROP ROLE IF EXISTS ??', [name]);
      await database.knex.raw('DROP ROLE IF EXISTS other');
    },
  };
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
        'The role visitor of DATABASE_URL lacks a privilege (permission denied for schema public). Run: GRANT USAGE, CREATE ON SCHEMA "public" TO "visitor";',
      );
    } finally {
      await visiting.close();
      await database.knex.raw('DROP ROLE visitor');
    }
  });

  it('is to be corrected by the statement that the sentence has', async () => {
    const { name, at, remove } = await anEmptyDatabase('guest-1');
    const admin = await openDatabase({ url: at(), poolSize: 1 });
    const visiting = await openDatabase({ url: at(name), poolSize: 1 });
    try {
      const error = (await migrate(visiting).catch((thrown: Error) => thrown)) as Error;
      const [, statement = ''] = /Run: (GRANT .*;)$/.exec(error.message) ?? [];
      await admin.knex.raw(statement);
      expect(await migrate(visiting)).toContain('0001-registration');
      // Another role finds the tables of the first one.
      await admin.knex.raw("CREATE ROLE other LOGIN PASSWORD 'guest-1'");
      const other = await openDatabase({ url: at('other'), poolSize: 1 });
      const refused = await migrate(other).catch((thrown: Error) => thrown);
      await other.close();
      expect((refused as Error).message).toBe(
        `The role other of DATABASE_URL lacks a privilege (permission denied for table knex_migrations). The tables belong to ${name}: connect as that role, or run: GRANT "${name}" TO "other";`,
      );
      await admin.knex.raw('GRANT ?? TO other', [name]);
      const again = await openDatabase({ url: at('other'), poolSize: 1 });
      expect(await migrate(again)).toEqual([]);
      await again.close();
    } finally {
      await visiting.close();
      await admin.close();
      await remove();
    }
  });

  it('is to be corrected when it has another encoding', async () => {
    const { at, remove } = await anEmptyDatabase(
      'x',
      "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
    try {
      const error = await openDatabase({ url: at(), poolSize: 1 }).catch((thrown: Error) => thrown);
      expect(error).toBeInstanceOf(OperatorError);
      expect((error as Error).message).toMatch(
        /^Postgres at \S+ has the encoding LATIN1, and UTF8 is needed\. Make another database: CREATE DATABASE listo ENCODING 'UTF8' TEMPLATE template0\.$/,
      );
    } finally {
      await remove();
    }
  });

  it('is to be corrected when it offers no TLS', async () => {
    expect(
      await failureAt((url) => Object.assign(url, { search: 'sslmode=require', pathname: '/x' })),
    ).toEqual({
      kind: OperatorError,
      message: expect.stringMatching(
        /:PORT\/x offers no TLS, which DATABASE_URL demands\. Turn it on there \(ssl = on\), or write sslmode=disable\.$/,
      ),
    });
  });

  it.each([
    [
      '',
      'shows a certificate whose signer this server does not know. Name the file with the certificate of the signer as sslrootcert (DEPTH_ZERO_SELF_SIGNED_CERT).',
    ],
    [
      'ca.pem',
      'shows a certificate for another name. Write the name that the certificate has as host (and the address as hostaddr), or sslmode=verify-ca (ERR_TLS_CERT_ALTNAME_INVALID).',
    ],
  ])('is to be corrected when its certificate does not verify with %j', async (file, sentence) => {
    const folder = mkdtempSync(join(tmpdir(), 'listo-certificates-'));
    const inFolder = (name: string) => join(folder, name);
    const subject = ['-subj', '/CN=a test', '-addext', 'subjectAltName=DNS:elsewhere.example'];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
    execFileSync('openssl', [...args, '-keyout', inFolder('key'), '-out', inFolder('ca.pem')], {
      stdio: 'ignore',
    });
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      // The answer to Postgres' SSLRequest.
      socket.once('data', () => {
        socket.write('S');
        const options = {
          isServer: true,
          key: readFileSync(inFolder('key')),
          cert: readFileSync(inFolder('ca.pem')),
        };
        new TLSSocket(socket, options).on('error', () => socket.destroy());
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    try {
      const search = `sslmode=verify-full${file ? `&sslrootcert=${inFolder(file)}` : ''}`;
      const failure = await failureAt((url) =>
        Object.assign(url, { hostname: '127.0.0.1', port: String(port), pathname: '/x', search }),
      );
      expect({ ...failure, message: failure.message.replace('Postgres at 127.0.0.1:PORT/x ', '') }).toEqual({
        kind: OperatorError,
        message: sentence,
      });
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
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
