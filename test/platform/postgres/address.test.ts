import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeAddress,
  type PostgresAddress,
  parsePostgresAddress,
} from '../../../src/platform/postgres/address.ts';
import { blocksAt } from '../../support/documents/blocks.ts';

const PLAIN: PostgresAddress = {
  hosts: [{ host: 'db.example', port: 5432 }],
  user: undefined,
  password: undefined,
  database: undefined,
  tls: undefined,
  targetSessionAttrs: 'read-write',
  connectTimeoutMs: 3000,
  parameters: { application_name: 'listo' },
};
const ADA = { user: 'ada', password: 'p@ss word', database: 'listo' };

describe('an address of Postgres', () => {
  it('has both forms of docs/operating.md', () => {
    const [{ text }] = blocksAt('docs/operating.md#its-connections-to-postgres');
    const hosts = ['db1.example', 'db2.example'].map((host) => ({ host, port: 5432 }));
    const login = { ...PLAIN, hosts, user: 'user', database: 'listo' };
    expect(text.trim().split('\n').map(parsePostgresAddress)).toEqual([
      { ...login, password: 'password' },
      { ...login, user: 'listo', password: "it's secret" },
    ]);
  });

  it.each<[string, Partial<PostgresAddress>]>([
    ['postgres://db.example', {}],
    ['postgresql://db.example:5433', { hosts: [{ host: 'db.example', port: 5433 }] }],
    ['postgres://ada:p%40ss%20word@db.example/listo', ADA],
    ['postgres://ada:a:b@db.example/', { user: 'ada', password: 'a:b' }],
    ["host=db.example user=ada password='p@ss word' dbname=listo", ADA],
    [" host = db.example  password = 'it\\'s \\\\' ", { password: "it's \\" }],
    ['host=db.example password=a\\ b', { password: 'a b' }],
    [
      'postgres://one,two:5433,[::1]:5434/listo?target_session_attrs=primary',
      {
        hosts: [
          { host: 'one', port: 5432 },
          { host: 'two', port: 5433 },
          { host: '::1', port: 5434 },
        ],
        database: 'listo',
        targetSessionAttrs: 'primary',
      },
    ],
    [
      'host=one,two port=5433 target_session_attrs=any',
      {
        hosts: [
          { host: 'one', port: 5433 },
          { host: 'two', port: 5433 },
        ],
        targetSessionAttrs: 'any',
      },
    ],
    [
      'postgres://db.example?hostaddr=192.0.2.1',
      { hosts: [{ host: 'db.example', hostaddr: '192.0.2.1', port: 5432 }] },
    ],
    [
      'hostaddr=192.0.2.1,192.0.2.2 port=1,2',
      {
        hosts: [
          { host: '192.0.2.1', hostaddr: '192.0.2.1', port: 1 },
          { host: '192.0.2.2', hostaddr: '192.0.2.2', port: 2 },
        ],
      },
    ],
    [
      'postgres://ada:p%40ss%20word@/listo?host=/cloudsql/project:region:instance',
      { ...ADA, hosts: [{ host: '/cloudsql/project:region:instance', port: 5432 }] },
    ],
    [
      'postgres://%2Fvar%2Frun%2Fpostgresql/listo',
      { hosts: [{ host: '/var/run/postgresql', port: 5432 }], database: 'listo' },
    ],
    ['postgres:///listo', { hosts: [{ host: 'localhost', port: 5432 }], database: 'listo' }],
    ['postgres://db.example?connect_timeout=10', { connectTimeoutMs: 10_000 }],
    [
      'postgres://db.example?application_name=login&options=-c%20search_path%3Dlogin',
      { parameters: { application_name: 'login', options: '-c search_path=login' } },
    ],
    ['postgres://db.example?sslmode=disable', { tls: false }],
    ['postgres://db.example?sslmode=require', { tls: {} }],
    ['postgres://db.example?sslmode=verify-full&sslrootcert=system', { tls: {} }],
    ['postgres://db.example?sslmode=no-verify', { tls: { rejectUnauthorized: false } }],
    ['postgres://db.example?sslmode=verify-ca', { tls: { checkServerIdentity: expect.any(Function) } }],
  ])('is read: %s', (text, parts) => {
    expect(parsePostgresAddress(text)).toEqual({ ...PLAIN, ...parts });
  });

  it('names files of certificates and a key, which are read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'listo-tls-'));
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=a test'];
    execFileSync('openssl', [...request, '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')], {
      stdio: 'ignore',
    });
    const [cert, key] = ['cert', 'key'].map((name) => readFileSync(join(folder, name)));
    const files = `sslrootcert=${folder}/cert&sslcert=${folder}/cert&sslkey=${folder}/key`;
    expect(parsePostgresAddress(`postgres://db.example?sslmode=verify-full&${files}`).tls).toEqual({
      ca: cert,
      cert,
      key,
    });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['', 'it is not an address'],
    ['db.example', 'it is not an address'],
    ['mysql://db.example', 'it is not an address'],
    ['host=db.example and more', 'it is not an address'],
    ["host='db.example", 'it is not an address'],
    [
      'postgres://user:pa/ss@[db/listo',
      'it has an @ behind its user and password, in which @ is written %40 and / is written %2F',
    ],
    ['postgres://user:pass@[db/listo', 'it is not an address'],
    ['postgres://db.example:port', 'it is not an address'],
    [
      'postgres://ada:p@ss@db.example/listo',
      'it has an @ behind its user and password, in which @ is written %40 and / is written %2F',
    ],
    [
      'postgres://ada:p@s/s@db.example',
      'it has an @ behind its user and password, in which @ is written %40 and / is written %2F',
    ],
    ['postgres://db.example:0', 'a port of it is not a number from 1 to 65535'],
    ['postgres://db.example:65536', 'a port of it is not a number from 1 to 65535'],
    ['host=one,two port=1,2,3', 'it has another number of ports than of hosts'],
    ['host=one,two hostaddr=192.0.2.1', 'hostaddr names another number of hosts than host'],
    ['postgres://ada:%ZZ@db.example', 'its percent-encoding is broken'],
    ['postgres://db.example?port=1&port=2', 'it has the parameter port twice'],
    [
      'postgres://db.example?load_balance_hosts=random',
      'it has a parameter load_balance_hosts; it takes host, hostaddr, port, dbname, user, password, target_session_attrs, connect_timeout, sslmode, sslrootcert, sslcert, sslkey, options, application_name',
    ],
    [
      'host=db.example ssl=true',
      'it has a parameter ssl; it takes host, hostaddr, port, dbname, user, password, target_session_attrs, connect_timeout, sslmode, sslrootcert, sslcert, sslkey, options, application_name',
    ],
    ...['read-only', 'standby', 'prefer-standby', 'master'].map((value) => [
      `postgres://db.example?target_session_attrs=${value}`,
      'target_session_attrs takes read-write, primary or any: this server has to write',
    ]),
    ['postgres://db.example?connect_timeout=0', 'connect_timeout takes seconds, from 1 to 999'],
    ['postgres://db.example?connect_timeout=1.5', 'connect_timeout takes seconds, from 1 to 999'],
    ...['allow', 'prefer', 'yes'].map((value) => [
      `postgres://db.example?sslmode=${value}`,
      'sslmode takes disable, no-verify, require, verify-ca or verify-full',
    ]),
    [
      'postgres://db.example?sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
      'sslrootcert names /nowhere/ca.pem, which cannot be read (ENOENT)',
    ],
    ...['sslrootcert', 'sslcert'].map((name) => [
      `postgres://db.example?${name}=package.json`,
      `${name} names package.json, which holds no certificate`,
    ]),
    [
      'postgres://db.example?sslkey=package.json',
      'sslcert (none) and sslkey (package.json) do not fit together',
    ],
  ])('is refused: %s', (text, sentence) => {
    expect(() => parsePostgresAddress(text ?? '')).toThrow(
      expect.objectContaining({ message: sentence }) as unknown as Error,
    );
  });

  it('is shown without what is secret', () => {
    const address = parsePostgresAddress('postgres://ada:hunter2@one:5433,two/listo');
    expect(describeAddress(address)).toBe('Postgres at one:5433, two:5432/listo');
    expect(describeAddress(parsePostgresAddress('host=/run/postgresql'))).toBe(
      'Postgres at /run/postgresql:5432',
    );
  });
});
