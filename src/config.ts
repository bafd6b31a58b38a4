import { resolve } from 'node:path';
import { OperatorError } from './platform/errors.ts';
import { AddressMistake, parsePostgresAddress } from './platform/postgres/address.ts';
import { readSecrets, type Secrets } from './secrets.ts';
import { dotEnv, type Environment, Variables } from './variables.ts';

/**
 * All settings from the environment, checked and shaped once. Only this file reads `process.env`. All defaults are
 * here, so no other code handles unset values.
 */
export interface Config {
  production: boolean;
  /** The issuer identifier: an origin, without a trailing slash. */
  issuer: string;
  /** Whether the issuer is https. Browsers then keep its cookies and addresses to TLS. */
  https: boolean;
  listnrIssuer: string;
  /** The LiSTNR environment for which a client must be enabled. */
  environment: 'dev' | 'production';
  host: string;
  port: number;
  /** The port for metrics and detailed health; undefined: off. */
  internalPort: number | undefined;
  database:
    | {
        kind: 'postgres';
        url: string;
        /** The connections for requests: the most, and those that stay open when idle. */
        poolSize: number;
        poolMin: number;
      }
    | { kind: 'embedded'; dataDir: string };
  workers: number;
  /** How long a process that was told to stop serves on, reporting that it is not ready. */
  drainSeconds: number;
  logLevel: string;
  seedsDir: string | undefined;
  /** Addresses and networks (CIDR) whose X-Forwarded-For counts. */
  trustedProxies: readonly string[];
  /** The addresses and networks (CIDR) that this server may ask though they are not public, and whether its own. */
  outbound: { networks: readonly string[]; loopback: boolean };
  /** How many requests and how many failed authentications one address may make in a minute; 0: no limit. */
  requestsPerMinute: number;
  failuresPerMinute: number;
  /**
   * How long an idle connection stays open, and how long a request may take to arrive
   * (http/connections/http-server.ts).
   */
  connections: { keepAliveMs: number; requestMs: number };
  /** Turns on the demo seed and /demo: on the embedded database, with an issuer on loopback, outside production. */
  demo: boolean;
  /** Bits of a new RSA key. */
  rsaBits: number;
  /** How long keys are published, sign and verify (keys/plan-rotation.ts), and how often this process checks. */
  keyRotation: {
    periodSeconds: number;
    publicationSeconds: number;
    retirementSeconds: number;
    checkMs: number;
  };
  /** How often expired rows are deleted, and how many at a time. */
  housekeeping: { everyMs: number; batchSize: number };
  secrets: Secrets;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const DAY = 24 * 60 * 60;
const PORTS = { low: 0, high: 65_535 };

/**
 * Reads the environment of this process, and for unset variables the file `.env` of the working directory.
 * @throws OperatorError that lists every mistake at once.
 */
export function readConfig(): Config {
  return parseConfig({ ...dotEnv(), ...process.env });
}

/** @throws OperatorError that lists every mistake at once. */
export function parseConfig(environment: Environment): Config {
  const variables = new Variables(environment);
  const { mistakes } = variables;
  const production = isProduction(variables);
  const dataDir = resolve(variables.text('DATA_DIR') ?? '.data');

  const port = variables.wholeNumber('PORT', { fallback: 3000, ...PORTS });
  const internalPort = internalPortOf(variables, port);
  const issuers = issuersOf(variables, { production, port });
  const local = LOOPBACK.has(new URL(issuers.issuer).hostname);
  const database = databaseOf(variables, { production, dataDir });
  const config = {
    production,
    ...issuers,
    environment: variables.oneOf('ENVIRONMENT', ['dev', 'production'] as const, 'dev'),
    host: variables.host('HOST', '127.0.0.1'),
    port,
    internalPort,
    database,
    workers: workersOf(variables, database),
    drainSeconds: variables.wholeNumber('DRAIN_SECONDS', {
      fallback: production ? 5 : 0,
      low: 0,
      high: 3600,
    }),
    logLevel: variables.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    seedsDir: variables.directory('SEEDS_DIR'),
    trustedProxies: variables.networks('TRUSTED_PROXIES'),
    outbound: { networks: variables.networks('OUTBOUND_NETWORKS'), loopback: local && !production },
    requestsPerMinute: variables.wholeNumber('REQUESTS_PER_MINUTE', {
      fallback: 6000,
      low: 0,
      high: 10_000_000,
    }),
    failuresPerMinute: variables.wholeNumber('FAILURES_PER_MINUTE', {
      fallback: 20,
      low: 0,
      high: 1_000_000,
    }),
    connections: connectionsOf(variables),
    demo: local && !production && database.kind === 'embedded',
    rsaBits: Number(variables.oneOf('RSA_KEY_BITS', ['2048', '3072'], '2048')),
    keyRotation: keyRotationOf(variables),
    housekeeping: {
      everyMs: variables.wholeNumber('HOUSEKEEPING_SECONDS', { fallback: 60, low: 1, high: DAY }) * 1000,
      batchSize: 1000,
    },
    secrets: readSecrets(variables, { production, dataDir }),
  };

  if (mistakes.length > 0) {
    throw new OperatorError(
      `The configuration is wrong:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`,
    );
  }
  return config;
}

function isProduction(variables: Variables): boolean {
  const mode = variables.text('NODE_ENV');
  // A server that is meant for production must not run with development secrets.
  if (mode !== undefined && mode !== 'production' && /^prod/i.test(mode.trim()))
    variables.mistakes.push(`NODE_ENV is "${mode}"; write production.`);
  return mode === 'production';
}

function internalPortOf(variables: Variables, port: number): number | undefined {
  if (variables.text('INTERNAL_PORT') === undefined) return undefined;
  const internalPort = variables.wholeNumber('INTERNAL_PORT', { fallback: 0, ...PORTS });
  if (internalPort !== 0 && internalPort === port)
    variables.mistakes.push(`INTERNAL_PORT is ${port}, which is PORT; give it one of its own.`);
  return internalPort;
}

function issuersOf(
  variables: Variables,
  { production, port }: { production: boolean; port: number },
): Pick<Config, 'issuer' | 'https' | 'listnrIssuer'> {
  const { mistakes } = variables;
  const isSet = variables.text('ISSUER') !== undefined;
  const issuer = variables.origin('ISSUER');
  const listnrIssuer = variables.address('LISTNR_ISSUER');

  if (!isSet && production) mistakes.push('ISSUER is required in production, such as https://login.example.');
  if (!isSet && !production && port === 0)
    mistakes.push('PORT is 0, which takes any free port, so ISSUER has to be set.');
  if (production && issuer?.startsWith('http:')) mistakes.push('ISSUER must be https in production.');
  if (production && listnrIssuer?.startsWith('http:'))
    mistakes.push('LISTNR_ISSUER must be https in production.');

  const known = issuer ?? `http://localhost:${port}`;
  return { issuer: known, https: known.startsWith('https:'), listnrIssuer: listnrIssuer ?? known };
}

function databaseOf(
  variables: Variables,
  { production, dataDir }: { production: boolean; dataDir: string },
): Config['database'] {
  const url = variables.secret('DATABASE_URL');
  const poolSize = variables.wholeNumber('DATABASE_POOL_SIZE', { fallback: 10, low: 2, high: 1000 });
  const poolMin = variables.wholeNumber('DATABASE_POOL_MIN', {
    fallback: 2,
    low: 0,
    high: poolSize,
  });
  if (url === undefined) {
    if (production)
      variables.mistakes.push(
        'DATABASE_URL is required in production: the embedded database is for trying and developing.',
      );
    return { kind: 'embedded', dataDir };
  }
  if (url !== '') checkAddress(url, variables);
  return { kind: 'postgres', url, poolSize, poolMin };
}

/** The value holds a password, so messages must not repeat it. */
function checkAddress(url: string, { mistakes }: Variables): void {
  try {
    parsePostgresAddress(url);
  } catch (error) {
    if (!(error instanceof AddressMistake)) throw error;
    mistakes.push(
      `DATABASE_URL cannot be used: ${error.message}. It takes postgres://user:password@host:5432/database, percent-encoded, or host=… dbname=….`,
    );
  }
}

function workersOf(variables: Variables, database: Config['database']): number {
  const workers = variables.wholeNumber('WORKERS', { fallback: 1, low: 1, high: 64 });
  if (workers > 1 && database.kind === 'embedded')
    variables.mistakes.push(
      'WORKERS above 1 needs Postgres (DATABASE_URL): the embedded database belongs to one process.',
    );
  return workers;
}

/**
 * The default is longer than Google's balancer keeps idle connections, 600 seconds: the longest of the large clouds.
 */
function connectionsOf(variables: Variables): Config['connections'] {
  const seconds = (name: string, fallback: number) =>
    variables.wholeNumber(name, { fallback, low: 1, high: 3600 });
  return {
    keepAliveMs: seconds('KEEP_ALIVE_SECONDS', 620) * 1000,
    requestMs: seconds('REQUEST_SECONDS', 30) * 1000,
  };
}

/**
 * In seconds, so that a test can shorten them. By default a key is published for a day before it signs, and
 * afterwards for longer than any token lives (at most a day, see clients).
 */
function keyRotationOf(variables: Variables): Config['keyRotation'] {
  const seconds = (name: string, fallback: number) =>
    variables.wholeNumber(name, { fallback, low: 1, high: 3650 * DAY });
  const periodSeconds = seconds('KEY_PERIOD_SECONDS', 90 * DAY);
  const publicationSeconds = seconds('KEY_PUBLICATION_SECONDS', DAY);
  if (publicationSeconds >= periodSeconds) {
    variables.mistakes.push(
      'KEY_PUBLICATION_SECONDS must be less than KEY_PERIOD_SECONDS: a key is published before the one in use ends.',
    );
  }
  return {
    periodSeconds,
    publicationSeconds,
    retirementSeconds: seconds('KEY_RETIREMENT_SECONDS', DAY + 60 * 60),
    checkMs: Math.min(60_000, publicationSeconds * 250),
  };
}
