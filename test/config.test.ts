import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { DIRECT_KINDS } from '../src/config/direct.ts';
import { parseConfig } from '../src/config.ts';
import { aCertificate } from './support/clients/certificates.ts';
import { mistakes, PRODUCTION } from './support/servers/configuration.ts';
import { TEST_SECRETS } from './support/servers/test-server.ts';

const CONFIG = fileURLToPath(new URL('../src/config.ts', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'listo-config-'));
  writeFileSync(
    join(folder, 'cookie-keys'),
    'first-cookie-key-0123456789-01234\nsecond-cookie-key-0123456789-0123\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the defaults', () => {
  it('are a server on loopback with the embedded database and the demo', () => {
    expect(parseConfig(TEST_SECRETS)).toEqual({
      production: false,
      issuer: 'http://localhost:3000',
      https: false,
      listnrIssuer: 'http://localhost:3000',
      environment: 'dev',
      host: '127.0.0.1',
      port: 3000,
      internalPort: undefined,
      database: { kind: 'embedded', dataDir: join(process.cwd(), '.data') },
      workers: 1,
      drainSeconds: 0,
      logLevel: 'info',
      seedsDir: undefined,
      seedsDeletions: 'apply',
      trustedProxies: [],
      clientCertificates: { header: undefined, issuers: [], origin: undefined },
      outbound: { networks: [], loopback: true },
      rotationCommit: 'synchronous',
      direct: new Set(DIRECT_KINDS),
      requestsPerMinute: 6000,
      failuresPerMinute: 20,
      rsaBits: 2048,
      keyRotation: {
        periodSeconds: 7_776_000,
        publicationSeconds: 86_400,
        retirementSeconds: 90_000,
        checkMs: 60_000,
      },
      housekeeping: { everyMs: 60_000, batchSize: 1000 },
      auditKeepMonths: 13,
      connections: { keepAliveMs: 620_000, requestMs: 30_000 },
      mail: { by: 'demo' },
      passwords: { cost: { memoryKib: 19_456, iterations: 2, parallelism: 1 }, rangeUrl: undefined },
      demo: true,
      demoSeed: true,
      secrets: {
        cookieKeys: [TEST_SECRETS.COOKIE_KEYS],
        keyEncryptionKeys: [Buffer.alloc(32, 7)],
        keyEncryptionKeyGiven: true,
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

  it('serve on for a while after SIGTERM in production only', () => {
    expect(parseConfig(PRODUCTION).drainSeconds).toBe(5);
    expect(parseConfig({ ...PRODUCTION, DRAIN_SECONDS: '0' }).drainSeconds).toBe(0);
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
      DATABASE_POOL_SIZE: '20',
      DATABASE_POOL_MIN: '3',
      WORKERS: '4',
      DRAIN_SECONDS: '15',
      LOG_LEVEL: 'warn',
      SEEDS_DIR: folder,
      SEEDS_DELETIONS: 'refuse',
      TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7 2001:db8::/32',
      CLIENT_CERTIFICATE_HEADER: 'nginx:X-Certificate',
      CLIENT_CERTIFICATE_ORIGIN: 'https://mtls.login.example',
      OUTBOUND_NETWORKS: '10.1.2.3,10.20.0.0/24',
      REQUESTS_PER_MINUTE: '100',
      FAILURES_PER_MINUTE: '5',
      KEEP_ALIVE_SECONDS: '75',
      REQUEST_SECONDS: '20',
      PASSWORD_HASH_MEMORY_KIB: '47104',
      PASSWORD_HASH_ITERATIONS: '1',
      PASSWORD_HASH_PARALLELISM: '2',
      PASSWORD_RANGE_URL: 'https://api.pwnedpasswords.com/range/',
      DIRECT: 'refresh, documents',
      ROTATION_COMMIT: 'asynchronous',
      KEY_ENCRYPTION_KEY: `${Buffer.alloc(32, 1).toString('base64')},${Buffer.alloc(32, 2).toString('base64url')}`,
    };
    expect(parseConfig(environment)).toEqual({
      production: true,
      issuer: 'https://login.example',
      https: true,
      listnrIssuer: 'https://listnr.example/token-provider',
      environment: 'production',
      host: '0.0.0.0',
      port: 8443,
      internalPort: 9090,
      database: { kind: 'postgres', url: PRODUCTION.DATABASE_URL, poolSize: 20, poolMin: 3 },
      workers: 4,
      drainSeconds: 15,
      logLevel: 'warn',
      seedsDir: folder,
      seedsDeletions: 'refuse',
      trustedProxies: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'],
      clientCertificates: {
        header: { form: 'nginx', name: 'x-certificate' },
        issuers: [],
        origin: 'https://mtls.login.example',
      },
      outbound: { networks: ['10.1.2.3', '10.20.0.0/24'], loopback: false },
      rotationCommit: 'asynchronous',
      direct: new Set(['documents', 'refresh']),
      requestsPerMinute: 100,
      failuresPerMinute: 5,
      rsaBits: 2048,
      keyRotation: {
        periodSeconds: 7_776_000,
        publicationSeconds: 86_400,
        retirementSeconds: 90_000,
        checkMs: 60_000,
      },
      housekeeping: { everyMs: 60_000, batchSize: 1000 },
      auditKeepMonths: 13,
      connections: { keepAliveMs: 75_000, requestMs: 20_000 },
      passwords: {
        cost: { memoryKib: 47_104, iterations: 1, parallelism: 2 },
        rangeUrl: 'https://api.pwnedpasswords.com/range',
      },
      demo: false,
      demoSeed: false,
      secrets: {
        cookieKeys: [TEST_SECRETS.COOKIE_KEYS],
        keyEncryptionKeys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
        keyEncryptionKeyGiven: true,
        refreshTokenKeys: [TEST_SECRETS.REFRESH_TOKEN_KEYS],
      },
    });
  });

  it.each([
    ['the issuer is not on loopback', { ISSUER: 'http://192.0.2.1:3000' }, false],
    ['the database is Postgres', { DATABASE_URL: PRODUCTION.DATABASE_URL }, true],
    ['it is production', PRODUCTION, false],
  ])('applies no demo seed when %s, and allows the demo: %s', (_case, environment, demo) => {
    const config = parseConfig({ ...TEST_SECRETS, ...environment });
    expect({ demo: config.demo, demoSeed: config.demoSeed }).toEqual({ demo, demoSeed: false });
  });
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').replaceAll(
    /^#(?=[A-Z_]+=)/gm,
    '',
  );
  const examples = parseEnv(text) as Record<string, string>;

  it('shows every variable there is, and no other', () => {
    const asked = new Set<string>();
    const environment = new Proxy<Record<string, string>>(TEST_SECRETS, {
      get: (target, name: string) => {
        asked.add(name);
        return target[name];
      },
    });
    parseConfig(environment);
    const names = [...asked].filter((name) => !name.endsWith('_FILE'));
    expect(Object.keys(examples).sort()).toEqual(names.sort());
  });

  it('has examples that are right together', () => {
    const file = join(folder, 'issuers.pem');
    writeFileSync(file, aCertificate({ ca: true }).pem);
    expect(mistakes({ ...examples, CLIENT_CERTIFICATE_CA: file, ...TEST_SECRETS })).toEqual([]);
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
    expect(database).toEqual({ kind: 'postgres', url: PRODUCTION.DATABASE_URL, poolSize: 10, poolMin: 2 });
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

  it('are closed to others in a data directory that was open to them', () => {
    const dataDir = join(folder, 'open');
    const kept = join(dataDir, 'development-secrets');
    parseConfig({ DATA_DIR: dataDir });
    for (const [path, mode] of [
      [dataDir, 0o777],
      [kept, 0o755],
      [join(kept, 'COOKIE_KEYS'), 0o644],
    ] as const)
      chmodSync(path, mode);
    parseConfig({ DATA_DIR: dataDir });
    expect(
      [dataDir, kept, join(kept, 'COOKIE_KEYS')].map((path) => (statSync(path).mode & 0o777).toString(8)),
    ).toEqual(['700', '700', '600']);
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
