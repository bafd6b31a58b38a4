import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aCertificate } from './support/clients/certificates.ts';
import { mistakes, PRODUCTION } from './support/servers/configuration.ts';
import { TEST_SECRETS } from './support/servers/test-server.ts';

const CONFIG = fileURLToPath(new URL('../src/config.ts', import.meta.url));
const MAKE_ONE = 'openssl rand -base64 32';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'listo-config-'));
  writeFileSync(join(folder, 'empty'), '\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the configuration refuses', () => {
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
    [
      { DATABSE_URL: 'postgres://db.example' },
      'DATABSE_URL is not a variable of this server. Write DATABASE_URL, if that is meant; otherwise set DATABASE_URL as well.',
    ],
    [
      { ISUSER: 'https://login.example' },
      'ISUSER is not a variable of this server. Write ISSUER, if that is meant; otherwise set ISSUER as well.',
    ],
    ...[
      'on',
      'nginx:',
      'nginx:a b',
      'nginx:Authorization',
      'envoy:x-forwarded-for',
      'nginx:a:b',
      'Client-Cert',
    ].map((text): [Record<string, string>, string] => [
      { TRUSTED_PROXIES: '10.0.0.1', CLIENT_CERTIFICATE_HEADER: text },
      `CLIENT_CERTIFICATE_HEADER is "${text}"; it takes one of rfc9440, nginx, haproxy, envoy, and behind a colon the name of a header that has no other use, such as nginx:X-SSL-Client-Cert.`,
    ]),
    [
      { CLIENT_CERTIFICATE_HEADER: 'rfc9440' },
      'CLIENT_CERTIFICATE_HEADER needs TRUSTED_PROXIES: nobody else may send that header.',
    ],
    [
      { CLIENT_CERTIFICATE_ORIGIN: 'https://mtls.login.example' },
      'CLIENT_CERTIFICATE_ORIGIN needs CLIENT_CERTIFICATE_HEADER, in which the proxy sends the certificate.',
    ],
    [
      { TRUSTED_PROXY: '10.0.0.0/8' },
      'TRUSTED_PROXY is not a variable of this server. Write TRUSTED_PROXIES, if that is meant; otherwise set TRUSTED_PROXIES as well.',
    ],
    [
      { 'log-level': 'debug' },
      'log-level is not a variable of this server. Write LOG_LEVEL, if that is meant; otherwise set LOG_LEVEL as well.',
    ],
    [
      { SEED_DIR: 'config' },
      'SEED_DIR is not a variable of this server. Write SEEDS_DIR, if that is meant; otherwise set SEEDS_DIR as well.',
    ],
    [
      { COOKIE_KEYS_FLIE: '/run/keys' },
      'COOKIE_KEYS_FLIE is not a variable of this server. Write COOKIE_KEYS_FILE, if that is meant; otherwise set COOKIE_KEYS_FILE as well.',
    ],
    [{ NODE_ENV: 'Production' }, 'NODE_ENV is "Production"; write production.'],
    [{ ENVIRONMENT: 'prod' }, 'ENVIRONMENT is "prod"; it takes one of dev, production.'],
    [
      { LOG_LEVEL: 'verbose' },
      'LOG_LEVEL is "verbose"; it takes one of trace, debug, info, warn, error, fatal, silent.',
    ],
    [{ KEEP_ALIVE_SECONDS: '0' }, 'KEEP_ALIVE_SECONDS is "0"; it takes a whole number from 1 to 3600.'],
    [{ REQUEST_SECONDS: '0.5' }, 'REQUEST_SECONDS is "0.5"; it takes a whole number from 1 to 3600.'],
    [
      { DIRECT: 'refresh,userinfo,all' },
      'DIRECT is all, none, or some of documents, listnr, userinfo, introspection, exchange, refresh, separated by commas.',
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
    [
      { PASSWORD_HASH_MEMORY_KIB: '7167' },
      'PASSWORD_HASH_MEMORY_KIB is "7167"; it takes a whole number from 7168 to 262144.',
    ],
    ...(
      [
        ['47103', '1', '2'],
        ['19455', '2', '3'],
        ['12287', '3', '4'],
        ['9215', '4', '5'],
      ] as const
    ).map(([memory, iterations, least]): [Record<string, string>, string] => [
      { PASSWORD_HASH_MEMORY_KIB: memory, PASSWORD_HASH_ITERATIONS: iterations },
      `PASSWORD_HASH_ITERATIONS is ${iterations}; with PASSWORD_HASH_MEMORY_KIB ${memory} it takes ${least} or more.`,
    ]),
    [
      { PASSWORD_HASH_PARALLELISM: '0' },
      'PASSWORD_HASH_PARALLELISM is "0"; it takes a whole number from 1 to 16.',
    ],
    [
      { PASSWORD_RANGE_URL: 'api.pwnedpasswords.com/range' },
      'PASSWORD_RANGE_URL is "api.pwnedpasswords.com/range"; it takes a whole address without query or fragment, such as https://login.example.',
    ],
    [{ SEEDS_DIR: '/nowhere/seeds' }, 'SEEDS_DIR names /nowhere/seeds, which does not exist.'],
    [{ SEEDS_DIR: CONFIG }, `SEEDS_DIR names ${CONFIG}, which is not a directory.`],
    [
      { SEEDS_DIR: `/${'a'.repeat(300)}` },
      `SEEDS_DIR names /${'a'.repeat(300)}, which cannot be read (ENAMETOOLONG).`,
    ],
    [
      { DATA_DIR: CONFIG, COOKIE_KEYS: '' },
      `DATA_DIR is ${CONFIG}, where the development secrets cannot be kept (EEXIST).`,
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
      { OUTBOUND_NETWORKS: 'provider.internal' },
      'OUTBOUND_NETWORKS has "provider.internal"; it takes addresses and networks such as 10.0.0.0/8, separated by commas.',
    ],
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
    ...[
      ['mysql://db.example/listo', 'it is not an address'],
      ['db.example', 'it is not an address'],
      ['postgres://user:pass@[db/listo', 'it is not an address'],
      [
        'postgres://user:pa/ss@db/listo',
        'it has an @ behind its user and password, in which @ is written %40 and / is written %2F',
      ],
      [
        'postgres://user:hunter2@db/listo?target_session_attrs=standby',
        'target_session_attrs takes read-write, primary or any: this server has to write',
      ],
    ].map(([value = '', why]): [Record<string, string>, string] => [
      { DATABASE_URL: value },
      `DATABASE_URL cannot be used: ${why}. It takes postgres://user:password@host:5432/database, percent-encoded, or host=… dbname=….`,
    ]),
    [
      { DATABASE_URL: 'postgres://db.example/listo', DATABASE_POOL_SIZE: '1' },
      'DATABASE_POOL_SIZE is "1"; it takes a whole number from 2 to 1000.',
    ],
    [
      { DATABASE_URL: 'postgres://db.example/listo', DATABASE_POOL_SIZE: '5', DATABASE_POOL_MIN: '6' },
      'DATABASE_POOL_MIN is "6"; it takes a whole number from 0 to 5.',
    ],
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

  it('issuers of certificates that cannot be used', () => {
    const client = aCertificate();
    const issuer = aCertificate({ ca: true });
    const limited = aCertificate({ ca: true, limited: true });
    const broken = issuer.pem.replace('MII', 'MIA');
    const refusalOf = (pem: string) => {
      const file = join(folder, 'issuers.pem');
      writeFileSync(file, pem);
      const env = { TRUSTED_PROXIES: '10.0.0.1', CLIENT_CERTIFICATE_HEADER: 'rfc9440' };
      return mistakes({ ...TEST_SECRETS, ...env, CLIENT_CERTIFICATE_CA: file }).map((sentence) =>
        sentence.replace(`CLIENT_CERTIFICATE_CA names ${file}, `, ''),
      );
    };
    expect(refusalOf(`# ours\n${issuer.pem}${aCertificate({ ca: true }).pem}`)).toEqual([]);
    expect(refusalOf('')).toEqual(['which has no certificate in PEM form.']);
    expect(refusalOf(issuer.privatePem)).toEqual(['which has no certificate in PEM form.']);
    expect(refusalOf(issuer.pem + client.pem)).toEqual(['in which a certificate is of no issuer (CA).']);
    expect(refusalOf(issuer.pem + broken)).toEqual(['in which a certificate cannot be read.']);
    expect(refusalOf(limited.pem)).toEqual([
      'in which an issuer is limited to some names, which this server would not observe.',
    ]);
    const missing = { TRUSTED_PROXIES: '10.0.0.1', CLIENT_CERTIFICATE_HEADER: 'rfc9440' };
    expect(mistakes({ ...TEST_SECRETS, ...missing, CLIENT_CERTIFICATE_CA: '/nowhere' })).toEqual([
      'CLIENT_CERTIFICATE_CA names /nowhere, which cannot be read (ENOENT).',
    ]);
  });

  it('no variable of others, whatever it resembles', () => {
    const foreign = {
      ...{
        PATH: '/bin',
        HOME: '/root',
        HOSTNAME: 'x',
        HOSTS: 'x',
        PORTS: '1',
        POST: 'x',
        TZ: 'UTC',
        PWD: '/',
      },
      ...{ LISTO_IDENTITY_PORT: 'tcp://10.0.0.1:3000', POSTGRES_PASSWORD: 'x', PGSSLMODE: 'require' },
      ...{
        NODE_OPTIONS: '--no-warnings',
        NODE_VERSION: '24',
        LOGNAME: 'x',
        LOGLEVEL: 'x',
        DATABASE_URI: 'x',
      },
      ...{ npm_config_loglevel: 'x', KUBERNETES_SERVICE_HOST: '10.0.0.1', ENVIRON: 'x', COOKIE_KEY: '' },
    };
    const known = { LOG_LEVEL: 'info', DATABASE_URL: 'postgres://db.example' };
    expect(mistakes({ ...foreign, ...known, ...TEST_SECRETS })).toEqual([]);
  });

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
