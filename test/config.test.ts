import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../src/config.ts';
import { OperatorError } from '../src/platform/errors.ts';
import { TEST_SECRETS } from './support/test-server.ts';

const CONFIG = fileURLToPath(new URL('../src/config.ts', import.meta.url));
const MAKE_ONE = 'openssl rand -base64 32';

const PRODUCTION = {
  NODE_ENV: 'production',
  ISSUER: 'https://login.example',
  DATABASE_URL: 'postgres://listo:pw@db.example:5432/listo',
  ...TEST_SECRETS,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'listo-config-'));
  writeFileSync(join(folder, 'empty'), '\n');
  writeFileSync(
    join(folder, 'cookie-keys'),
    'first-cookie-key-0123456789-01234\nsecond-cookie-key-0123456789-0123\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The sentences a wrong environment is refused with. */
function mistakes(environment: Record<string, string>): string[] {
  try {
    parseConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    const [headline, ...lines] = (error as Error).message.split('\n');
    expect(headline).toBe('The configuration is wrong:');
    return lines.map((line) => line.replace(/^ {2}- /, ''));
  }
  return [];
}

describe('the defaults', () => {
  it('are a server on loopback with the embedded database and the demo', () => {
    expect(parseConfig(TEST_SECRETS)).toEqual({
      production: false,
      issuer: 'http://localhost:3000',
      listnrIssuer: 'http://localhost:3000',
      environment: 'dev',
      host: '127.0.0.1',
      port: 3000,
      internalPort: undefined,
      database: { kind: 'embedded', dataDir: join(process.cwd(), '.data') },
      workers: 1,
      logLevel: 'info',
      seedsDir: undefined,
      trustedProxies: [],
      requestsPerMinute: 6000,
      failuresPerMinute: 20,
      demo: true,
      secrets: {
        cookieKeys: [TEST_SECRETS.COOKIE_KEYS],
        keyEncryptionKeys: [Buffer.alloc(32, 7)],
        refreshTokenKeys: [TEST_SECRETS.REFRESH_TOKEN_KEYS],
      },
    });
  });

  it('take an empty variable for an unset one', () => {
    const empty = {
      PORT: '',
      ISSUER: '',
      DATABASE_URL: '',
      SEEDS_DIR: '',
      INTERNAL_PORT: '',
      COOKIE_KEYS_FILE: '',
    };
    expect(parseConfig({ ...TEST_SECRETS, ...empty })).toEqual(parseConfig(TEST_SECRETS));
  });

  it('name the issuer after the port', () => {
    expect(parseConfig({ ...TEST_SECRETS, PORT: '8080' }).issuer).toBe('http://localhost:8080');
  });
});

describe('a complete environment', () => {
  it('is read as it stands', () => {
    const environment = {
      ...PRODUCTION,
      ISSUER: 'https://login.example/',
      LISTNR_ISSUER: 'https://listnr.example/token-provider/',
      ENVIRONMENT: 'production',
      HOST: '0.0.0.0',
      PORT: '8443',
      INTERNAL_PORT: '9090',
      WORKERS: '4',
      LOG_LEVEL: 'warn',
      SEEDS_DIR: folder,
      TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7 2001:db8::/32',
      REQUESTS_PER_MINUTE: '100',
      FAILURES_PER_MINUTE: '5',
      KEY_ENCRYPTION_KEY: `${Buffer.alloc(32, 1).toString('base64')},${Buffer.alloc(32, 2).toString('base64url')}`,
    };
    expect(parseConfig(environment)).toEqual({
      production: true,
      issuer: 'https://login.example',
      listnrIssuer: 'https://listnr.example/token-provider',
      environment: 'production',
      host: '0.0.0.0',
      port: 8443,
      internalPort: 9090,
      database: { kind: 'postgres', url: PRODUCTION.DATABASE_URL },
      workers: 4,
      logLevel: 'warn',
      seedsDir: folder,
      trustedProxies: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'],
      requestsPerMinute: 100,
      failuresPerMinute: 5,
      demo: false,
      secrets: {
        cookieKeys: [TEST_SECRETS.COOKIE_KEYS],
        keyEncryptionKeys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
        refreshTokenKeys: [TEST_SECRETS.REFRESH_TOKEN_KEYS],
      },
    });
  });

  it.each([
    ['the issuer is not on loopback', { ISSUER: 'http://192.0.2.1:3000' }],
    ['the database is Postgres', { DATABASE_URL: PRODUCTION.DATABASE_URL }],
    ['it is production', PRODUCTION],
  ])('has no demo when %s', (_case, environment) => {
    expect(parseConfig({ ...TEST_SECRETS, ...environment }).demo).toBe(false);
  });
});

describe('refuses', () => {
  it.each<[Record<string, string>, string]>([
    [{ PORT: 'http' }, 'PORT is "http"; it takes a whole number from 0 to 65535.'],
    [{ PORT: '65536' }, 'PORT is "65536"; it takes a whole number from 0 to 65535.'],
    [{ PORT: '-1' }, 'PORT is "-1"; it takes a whole number from 0 to 65535.'],
    [{ PORT: '0' }, 'PORT is 0, which takes any free port, so ISSUER has to be set.'],
    [
      { HOST: 'http://localhost' },
      'HOST is "http://localhost"; it takes an address or a host name, such as 0.0.0.0.',
    ],
    [{ INTERNAL_PORT: 'on' }, 'INTERNAL_PORT is "on"; it takes a whole number from 0 to 65535.'],
    [{ INTERNAL_PORT: '3000' }, 'INTERNAL_PORT is 3000, which is PORT; give it one of its own.'],
    [{ NODE_ENV: 'Production' }, 'NODE_ENV is "Production"; write production.'],
    [{ ENVIRONMENT: 'prod' }, 'ENVIRONMENT is "prod"; it takes one of dev, production.'],
    [
      { LOG_LEVEL: 'verbose' },
      'LOG_LEVEL is "verbose"; it takes one of trace, debug, info, warn, error, fatal, silent.',
    ],
    [{ WORKERS: '0' }, 'WORKERS is "0"; it takes a whole number from 1 to 64.'],
    [
      { WORKERS: '2' },
      'WORKERS above 1 needs Postgres (DATABASE_URL): the embedded database belongs to one process.',
    ],
    [
      { REQUESTS_PER_MINUTE: '1e3' },
      'REQUESTS_PER_MINUTE is "1e3"; it takes a whole number from 0 to 10000000.',
    ],
    [
      { FAILURES_PER_MINUTE: 'none' },
      'FAILURES_PER_MINUTE is "none"; it takes a whole number from 0 to 1000000.',
    ],
    [{ SEEDS_DIR: '/nowhere/seeds' }, 'SEEDS_DIR names /nowhere/seeds, which does not exist.'],
    [{ SEEDS_DIR: CONFIG }, `SEEDS_DIR names ${CONFIG}, which is not a directory.`],
    [
      { DATA_DIR: CONFIG, COOKIE_KEYS: '' },
      `DATA_DIR is ${CONFIG}, where the development secrets cannot be kept (ENOTDIR).`,
    ],
    ...[
      'login.example',
      'https://login.example/path',
      'https://Login.example',
      'https://login.example:443',
      'ftp://a',
    ].map((value): [Record<string, string>, string] => [
      { ISSUER: value },
      `ISSUER is "${value}"; it takes an origin in lower case, without a path or a default port, such as https://login.example.`,
    ]),
    ...[
      'listnr',
      'https://listnr.example/?a=b',
      'https://listnr.example/#a',
      'https://a:b@listnr.example',
    ].map((value): [Record<string, string>, string] => [
      { LISTNR_ISSUER: value },
      `LISTNR_ISSUER is "${value}"; it takes a whole address without query or fragment, such as https://login.example.`,
    ]),
    ...['proxy', '10.0.0.0/33', '10.0.0.0/8/8', '2001:db8::/129', '10.0.0.0/'].map(
      (value): [Record<string, string>, string] => [
        { TRUSTED_PROXIES: `127.0.0.1, ${value}` },
        `TRUSTED_PROXIES has "${value}"; it takes addresses and networks such as 10.0.0.0/8, separated by commas.`,
      ],
    ),
    [
      { COOKIE_KEYS: 'short' },
      `COOKIE_KEYS has a key of fewer than 32 characters; make one with: ${MAKE_ONE}`,
    ],
    [{ COOKIE_KEYS: ' , ' }, `COOKIE_KEYS holds no key; make one with: ${MAKE_ONE}`],
    [
      { REFRESH_TOKEN_KEYS: `${TEST_SECRETS.REFRESH_TOKEN_KEYS},short` },
      `REFRESH_TOKEN_KEYS has a key of fewer than 32 characters; make one with: ${MAKE_ONE}`,
    ],
    ...['a'.repeat(64), 'not base64', `${'a'.repeat(42)}!`].map((value): [Record<string, string>, string] => [
      { KEY_ENCRYPTION_KEY: value },
      `KEY_ENCRYPTION_KEY takes 32 bytes in base64, several separated by commas; make one with: ${MAKE_ONE}`,
    ]),
    [{ COOKIE_KEYS_FILE: '/nowhere/keys' }, 'COOKIE_KEYS and COOKIE_KEYS_FILE are both set; keep one.'],
    ...['mysql://db.example/listo', 'db.example', 'postgres://user:pa/ss@[db/listo'].map(
      (value): [Record<string, string>, string] => [
        { DATABASE_URL: value },
        'DATABASE_URL is not an address; it takes postgres://user:password@host:5432/database, percent-encoded.',
      ],
    ),
  ])('%j', (wrong, sentence) => {
    expect(mistakes({ ...TEST_SECRETS, ...wrong })).toEqual([sentence]);
  });

  it.each(['COOKIE_KEYS', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS', 'DATABASE_URL'])(
    'a %s_FILE that cannot be read or holds nothing, with one sentence',
    (name) => {
      const env = (file: string) => ({ ...PRODUCTION, [name]: '', [`${name}_FILE`]: file });
      expect(mistakes(env('/nowhere'))).toEqual([
        `${name}_FILE names /nowhere, which cannot be read (ENOENT).`,
      ]);
      expect(mistakes(env(folder))).toEqual([`${name}_FILE names ${folder}, which cannot be read (EISDIR).`]);
      const empty = join(folder, 'empty');
      expect(mistakes(env(empty))).toEqual([`${name}_FILE names ${empty}, which is empty.`]);
    },
  );

  it('an incomplete production, naming all that is missing', () => {
    expect(mistakes({ NODE_ENV: 'production' })).toEqual([
      'ISSUER is required in production, such as https://login.example.',
      'DATABASE_URL is required in production: the embedded database is for trying and developing.',
      `COOKIE_KEYS is required in production; make one with: ${MAKE_ONE}`,
      `KEY_ENCRYPTION_KEY is required in production; make one with: ${MAKE_ONE}`,
      `REFRESH_TOKEN_KEYS is required in production; make one with: ${MAKE_ONE}`,
    ]);
  });

  it('http issuers in production', () => {
    const http = { ISSUER: 'http://login.example', LISTNR_ISSUER: 'http://listnr.example' };
    expect(mistakes({ ...PRODUCTION, ...http })).toEqual([
      'ISSUER must be https in production.',
      'LISTNR_ISSUER must be https in production.',
    ]);
  });

  it('every mistake at once, each once, and repeats no secret', () => {
    const found = mistakes({
      NODE_ENV: 'production',
      PORT: 'x',
      ISSUER: 'nope',
      DATABASE_URL: 'mysql://admin:hunter2@db.example',
      WORKERS: 'many',
      COOKIE_KEYS: 'hunter2',
      KEY_ENCRYPTION_KEY: 'hunter2',
      REFRESH_TOKEN_KEYS: 'hunter2',
    });
    expect(found.map((sentence) => sentence.split(' ')[0])).toEqual([
      'PORT',
      'ISSUER',
      'DATABASE_URL',
      'WORKERS',
      'COOKIE_KEYS',
      'KEY_ENCRYPTION_KEY',
      'REFRESH_TOKEN_KEYS',
    ]);
    expect(found.join()).not.toContain('hunter2');
  });
});

describe('secrets', () => {
  it('come from files, without the trailing line break, one or several', () => {
    const file = join(folder, 'database-url');
    writeFileSync(file, `${PRODUCTION.DATABASE_URL}\r\n`);
    const { database, secrets } = parseConfig({
      ...PRODUCTION,
      DATABASE_URL: '',
      DATABASE_URL_FILE: file,
      COOKIE_KEYS: '',
      COOKIE_KEYS_FILE: join(folder, 'cookie-keys'),
    });
    expect(database).toEqual({ kind: 'postgres', url: PRODUCTION.DATABASE_URL });
    expect(secrets.cookieKeys).toEqual([
      'first-cookie-key-0123456789-01234',
      'second-cookie-key-0123456789-0123',
    ]);
  });

  it('are made once for development, kept where only their owner reads, and differ', () => {
    const dataDir = join(folder, 'data');
    const { secrets } = parseConfig({ DATA_DIR: dataDir });
    expect(parseConfig({ DATA_DIR: dataDir }).secrets).toEqual(secrets);

    const kept = join(dataDir, 'development-secrets');
    expect(readdirSync(kept).sort()).toEqual(['COOKIE_KEYS', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS']);
    expect(statSync(join(kept, 'COOKIE_KEYS')).mode & 0o777).toBe(0o600);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    const values = readdirSync(kept).map((name) => readFileSync(join(kept, name), 'utf8').trim());
    expect(new Set(values).size).toBe(3);
    expect(values.every((value) => Buffer.from(value, 'base64').length === 32)).toBe(true);
  });

  it('are made only where none is given', () => {
    const dataDir = join(folder, 'partly');
    const { COOKIE_KEYS, KEY_ENCRYPTION_KEY } = TEST_SECRETS;
    parseConfig({ DATA_DIR: dataDir, COOKIE_KEYS, KEY_ENCRYPTION_KEY });
    expect(readdirSync(join(dataDir, 'development-secrets'))).toEqual(['REFRESH_TOKEN_KEYS']);
  });

  it('are never made in production', () => {
    const dataDir = join(folder, 'production');
    mkdirSync(dataDir);
    expect(mistakes({ NODE_ENV: 'production', DATA_DIR: dataDir })).toHaveLength(5);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('are the same in processes that start at the same moment', async () => {
    const dataDir = join(folder, 'race');
    const script = `const { parseConfig } = await import(${JSON.stringify(CONFIG)});
      const { secrets } = parseConfig({ DATA_DIR: ${JSON.stringify(dataDir)} });
      process.stdout.write(JSON.stringify(secrets));`;
    const seen = await Promise.all(
      Array.from({ length: 4 }, () => output(['--input-type=module', '-e', script])),
    );
    expect(new Set(seen).size).toBe(1);
    expect(JSON.parse(seen[0] ?? '').cookieKeys).toHaveLength(1);
  });
});

function output(args: string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((done) => child.once('close', () => done(text)));
}
