import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls';
import { parsePostgresAddress } from '../../../src/platform/postgres/address.ts';
import type { Connection } from '../../../src/platform/postgres/connection.ts';
import { connectionOpener, type OpenOptions } from '../../../src/platform/postgres/open-connection.ts';
import { ConnectionLost, ReadOnlyNode } from '../../../src/platform/postgres/sqlstates.ts';
import { layWire } from '../../machines/wire.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';

let test: TestDatabase;
let url: URL;
let connection: Connection | undefined;
beforeAll(async () => {
  test = await openTestDatabase();
  url = new URL(test.url ?? '');
});
afterEach(() => {
  connection?.close();
  connection = undefined;
});
afterAll(() => test.close());

/** Opens a connection to an address, and returns the first row of `sql`. */
async function openAt(
  address: string,
  sql = 'SELECT 1 AS one',
  others: Partial<OpenOptions> = {},
): Promise<unknown> {
  const open = connectionOpener({
    address: parsePostgresAddress(address),
    statementTimeoutMs: 0,
    idleTimeoutMs: 0,
    say: () => undefined,
    ...others,
  });
  connection = await open();
  return (await connection.query(sql)).rows[0];
}

function listen(server: Server): Promise<number> {
  return new Promise((listening) => {
    server.listen(0, () => listening((server.address() as { port: number }).port));
  });
}

/** The test's database as key=value pairs, some of them replaced. */
function pairs(others: Record<string, string>): string {
  const all = {
    host: url.hostname,
    port: url.port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    dbname: url.pathname.slice(1),
    ...others,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}='${value.replaceAll(/['\\]/g, '\\$&')}'`)
    .join(' ');
}

describe('a connection to an address', () => {
  it('goes to hostaddr, and looks up no name', async () => {
    expect(await openAt(pairs({ host: 'db.invalid', hostaddr: '127.0.0.1' }))).toEqual({ one: 1 });
  });

  it('does not wait for the name of one host when it knows another', async () => {
    const lookUp = (name: string) =>
      name === 'silent.invalid' ? new Promise<never>(() => undefined) : Promise.resolve(['127.0.0.1']);
    for (const host of ['silent.invalid,db.invalid', 'db.invalid,silent.invalid'])
      expect(await openAt(pairs({ host }), undefined, { lookUp })).toEqual({ one: 1 });
  });

  it('hears of a name that comes late when the host that it knows will not do', async () => {
    const { promise: tried, resolve: wasTried } = Promise.withResolvers<void>();
    const refusing = createServer((socket) => {
      socket.destroy();
      wasTried();
    });
    const port = await listen(refusing);
    const lookUp = async (name: string) => {
      if (name === 'late.invalid') await tried;
      return ['127.0.0.1'];
    };
    const address = pairs({ host: 'known.invalid,late.invalid', port: `${port},${url.port}` });
    try {
      expect(await openAt(address, undefined, { lookUp })).toEqual({ one: 1 });
    } finally {
      refusing.close();
    }
  });

  it('waits for a name no longer than connect_timeout', async () => {
    const lookUp = () => new Promise<never>(() => undefined);
    const address = pairs({ host: 'silent.invalid', connect_timeout: '1' });
    await expect(openAt(address, undefined, { lookUp })).rejects.toEqual(
      new ConnectionLost('no name server answered in 1000 ms'),
    );
  });

  it('is told that no host has a name when that is so', async () => {
    const lookUp = (name: string) => Promise.reject(Object.assign(new Error(name), { code: 'ENOTFOUND' }));
    await expect(openAt(pairs({ host: 'a.invalid,b.invalid' }), undefined, { lookUp })).rejects.toMatchObject(
      {
        name: 'ConnectionLost',
        code: 'ENOTFOUND',
      },
    );
  });

  it('goes first to the one of two ports that served last', async () => {
    const [first, second] = [await layWire(Number(url.port)), await layWire(Number(url.port))];
    const open = connectionOpener({
      address: parsePostgresAddress(
        pairs({ host: '127.0.0.1,127.0.0.1', port: `${first.port},${second.port}` }),
      ),
      statementTimeoutMs: 0,
      idleTimeoutMs: 0,
      say: () => undefined,
    });
    const openedAt = async () => {
      connection = await open();
      const { port } = connection;
      connection.close();
      return port;
    };
    try {
      expect(await openedAt()).toBe(first.port);
      first.silence();
      expect(await openedAt()).toBe(second.port);
      first.mend();
      expect(await openedAt()).toBe(second.port);
    } finally {
      first.close();
      second.close();
    }
  });

  it('goes to the socket in a folder', async () => {
    const { rows } = await test.knex.raw('SHOW unix_socket_directories');
    const [folder] = rows[0].unix_socket_directories.split(',');
    const at = `postgres://${url.username}:${url.password}@/${url.pathname.slice(1)}?host=${folder}&port=${url.port}`;
    expect(await openAt(at, 'SELECT inet_server_addr() AS address')).toEqual({ address: null });
  });

  it.each([{ sslmode: 'require' }, { PGSSLMODE: 'require' }])(
    'goes to a socket in the clear, as libpq does, with %j',
    async ({ sslmode, PGSSLMODE }) => {
      const { rows } = await test.knex.raw('SHOW unix_socket_directories');
      const [host] = rows[0].unix_socket_directories.split(',');
      if (PGSSLMODE) process.env.PGSSLMODE = PGSSLMODE;
      try {
        expect(await openAt(pairs({ host, ...(sslmode ? { sslmode } : {}) }))).toEqual({ one: 1 });
      } finally {
        delete process.env.PGSSLMODE;
      }
    },
  );

  it('tells Postgres its options and its name', async () => {
    const address = pairs({ options: '-c work_mem=5MB', application_name: 'login' });
    const sql = "SELECT current_setting('work_mem') AS memory, current_setting('application_name') AS name";
    expect(await openAt(address, sql)).toEqual({ memory: '5MB', name: 'login' });
  });

  it('is given up after connect_timeout where nobody speaks', async () => {
    const wire = await layWire(Number(url.port));
    try {
      wire.silence();
      const address = pairs({ host: '127.0.0.1', port: String(wire.port), connect_timeout: '1' });
      await expect(openAt(address)).rejects.toEqual(new ConnectionLost('no answer in 1000 ms'));
    } finally {
      wire.close();
    }
  });

  it.each([
    ['read-write', false],
    ['primary', true],
    ['any', true],
  ])('with target_session_attrs=%s uses a primary that is read-only: %s', async (attributes, isUsed) => {
    const address = pairs({
      target_session_attrs: attributes,
      options: '-c default_transaction_read_only=on',
    });
    const opened = await openAt(address).catch((error: Error) => error);
    expect(opened).toEqual(isUsed ? { one: 1 } : new ReadOnlyNode());
  });
});

describe('a connection over TLS', () => {
  let folder: string;
  const servers: Server[] = [];
  const certificates = { named: 'DNS:localhost', numbered: 'IP:127.0.0.1' };
  const ports = { named: 0, numbered: 0 };
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'listo-tls-'));
    for (const name of ['named', 'numbered'] as const) {
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=a test'],
          ...['-addext', `subjectAltName=${certificates[name]}`],
          ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)],
        ],
        { stdio: 'ignore' },
      );
      const server = endTls(name);
      servers.push(server);
      ports[name] = await listen(server);
    }
  });
  afterAll(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  /** A TLS server in front of Postgres, which speaks plain text. */
  function endTls(name: keyof typeof ports): Server {
    const [key, cert] = [readFileSync(file(`${name}.key`)), readFileSync(file(`${name}.pem`))];
    return createServer((socket) => {
      socket.on('error', () => socket.destroy());
      // Postgres' SSLRequest and its answer.
      socket.once('data', () => {
        socket.write('S');
        const near = new TLSSocket(socket, { isServer: true, key, cert });
        const far = connect(Number(url.port), url.hostname);
        near.pipe(far).pipe(near);
        near.on('error', () => far.destroy());
        far.on('error', () => near.destroy());
      });
    });
  }

  const OPENED = { one: 1 };
  const UNTRUSTED = 'DEPTH_ZERO_SELF_SIGNED_CERT';
  const ANOTHER = 'ERR_TLS_CERT_ALTNAME_INVALID';

  it.each<[keyof typeof ports, string, Record<string, string>, unknown]>([
    ['named', 'require', { host: 'localhost' }, UNTRUSTED],
    ['named', 'verify-full', { host: 'localhost' }, UNTRUSTED],
    ['named', 'no-verify', { host: '127.0.0.1' }, OPENED],
    ['named', 'require', { host: 'localhost', sslrootcert: 'named.pem' }, OPENED],
    ['named', 'require', { host: '127.0.0.1', sslrootcert: 'named.pem' }, ANOTHER],
    ['named', 'verify-full', { host: '127.0.0.1', sslrootcert: 'named.pem' }, ANOTHER],
    ['named', 'verify-ca', { host: '127.0.0.1', sslrootcert: 'named.pem' }, OPENED],
    ['named', 'verify-ca', { host: 'localhost', sslrootcert: 'numbered.pem' }, UNTRUSTED],
    ['numbered', 'verify-full', { host: '127.0.0.1', sslrootcert: 'numbered.pem' }, OPENED],
    ['numbered', 'verify-full', { host: 'localhost', sslrootcert: 'numbered.pem' }, ANOTHER],
    ['named', 'verify-full', { host: 'localhost', hostaddr: '127.0.0.1', sslrootcert: 'named.pem' }, OPENED],
    [
      'named',
      'verify-full',
      { host: 'db.invalid', hostaddr: '127.0.0.1', sslrootcert: 'named.pem' },
      ANOTHER,
    ],
    [
      'numbered',
      'verify-full',
      { host: '192.0.2.1', hostaddr: '127.0.0.1', sslrootcert: 'numbered.pem' },
      ANOTHER,
    ],
  ])('to a %s server with sslmode=%s and %j: %s', async (server, sslmode, given, outcome) => {
    const { sslrootcert, ...others } = given;
    const files = sslrootcert ? { sslrootcert: file(sslrootcert) } : {};
    const address = pairs({ ...others, ...files, sslmode, port: String(ports[server]) });
    const opened = await openAt(address).catch((error: Error) => error);
    expect(opened instanceof ConnectionLost ? opened.code : opened).toEqual(outcome);
  });

  it.each<[keyof typeof ports, unknown]>([
    ['named', OPENED],
    ['numbered', ANOTHER],
  ])('to a %s server that PGSSLMODE asks for, by its name: %s', async (server, outcome) => {
    const trusted = getCACertificates('default');
    process.env.PGSSLMODE = 'verify-full';
    setDefaultCACertificates([readFileSync(file(`${server}.pem`), 'utf8')]);
    try {
      const at = pairs({ host: 'localhost', port: String(ports[server]) });
      const opened = await openAt(at).catch((error: Error) => error);
      expect(opened instanceof ConnectionLost ? opened.code : opened).toEqual(outcome);
    } finally {
      setDefaultCACertificates(trusted);
      delete process.env.PGSSLMODE;
    }
  });

  it('is not made without it where Postgres knows none', async () => {
    await expect(openAt(pairs({ sslmode: 'require' }))).rejects.toEqual(
      new ConnectionLost('The server does not support SSL connections'),
    );
  });
});
