import { resolve } from 'node:path';
import type { ServerSettings } from './commands/command.ts';
import { type ClientCertificateSettings, readClientCertificates } from './config/client-certificates.ts';
import { type CommandConfig, commandConfig } from './config/command-config.ts';
import { type DatabaseSettings, readDatabaseSettings } from './config/database-settings.ts';
import { type DirectKind, readDirect } from './config/direct.ts';
import { type Issuers, readEnvironmentName, readIssuers } from './config/issuers.ts';
import { type KeyRotationSettings, readKeyRotation, readRsaBits } from './config/key-rotation.ts';
import { readMail } from './config/mail.ts';
import { isProduction } from './config/mode.ts';
import { isLocal, type OutboundSettings, readOutbound } from './config/outbound.ts';
import { type PasswordSettings, readPasswordSettings } from './config/passwords.ts';
import { readSecrets, type Secrets } from './config/secrets.ts';
import { dotEnv, type Environment, Variables } from './config/variables.ts';
import type { MailSettings } from './mail/settings.ts';

/**
 * All settings from the environment, checked and shaped once. Only this file reads `process.env`. All defaults are
 * here and in `config/`, so no other code handles unset values.
 */
export interface Config extends Issuers {
  production: boolean;
  /** The LiSTNR environment for which a client must be enabled. */
  environment: 'dev' | 'production';
  host: string;
  port: number;
  /** The port for metrics and detailed health; undefined: off. */
  internalPort: number | undefined;
  database: DatabaseSettings;
  workers: number;
  /** How long a process that was told to stop serves on, reporting that it is not ready. */
  drainSeconds: number;
  logLevel: string;
  seedsDir: string | undefined;
  /** Whether the files of that folder may delete rows. */
  seedsDeletions: 'apply' | 'refuse';
  /** Addresses and networks (CIDR) whose X-Forwarded-For counts. */
  trustedProxies: readonly string[];
  clientCertificates: ClientCertificateSettings;
  outbound: OutboundSettings;
  /** How many requests and how many failed authentications one address may make in a minute; 0: no limit. */
  requestsPerMinute: number;
  failuresPerMinute: number;
  /** How a plain rotation of a refresh token commits (docs/tokens.md). */
  rotationCommit: 'synchronous' | 'asynchronous';
  /** The kinds of requests that are answered the short way. */
  direct: ReadonlySet<DirectKind>;
  /**
   * How long an idle connection stays open, and how long a request may take to arrive
   * (http/connections/http-server.ts).
   */
  connections: { keepAliveMs: number; requestMs: number };
  /** How mail leaves; undefined: it does not, and nothing is offered that needs it. */
  mail: MailSettings | undefined;
  /** Allows /demo, where the demo's rows are there: with an issuer on loopback, outside production. */
  demo: boolean;
  /** Applies the demo seed unasked: on the embedded database alone, which is nobody else's. */
  demoSeed: boolean;
  /** Bits of a new RSA key. */
  rsaBits: number;
  /** How long keys are published, sign and verify (keys/plan-rotation.ts), and how often this process checks. */
  keyRotation: KeyRotationSettings;
  /** How often expired rows are deleted, and how many at a time. */
  housekeeping: { everyMs: number; batchSize: number };
  /** How many whole months of the audit trail stay before this one. */
  auditKeepMonths: number;
  secrets: Secrets;
  passwords: PasswordSettings;
}

export type { DirectKind };

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

/** Reads the same for a command, which asks for the parts that it needs. */
export function readCommandConfig(): CommandConfig {
  return commandConfig({ ...dotEnv(), ...process.env });
}

/**
 * Reads the same for the command that checks it, and makes nothing.
 * @throws OperatorError that lists every mistake at once.
 */
export function readServerSettings(): ServerSettings {
  return serverSettings({ ...dotEnv(), ...process.env });
}

/** The parts of a configuration that the command checks. */
export function serverSettings(environment: Environment): ServerSettings {
  const config = parseConfig(environment, { makeSecrets: false });
  const { production, issuer, workers, trustedProxies, mail, outbound, database } = config;
  const { cookieKeys, keyEncryptionKeys, keyEncryptionKeyGiven } = config.secrets;
  const { keyRotation, rsaBits } = config;
  return {
    ...{ production, issuer, workers, trustedProxies, mail, outbound, cookieKeys },
    poolSize: database.kind === 'postgres' ? database.poolSize : undefined,
    certificateHeader: config.clientCertificates.header?.name,
    keys: { keyEncryptionKeys, keyEncryptionKeyGiven, keyRotation, rsaBits },
    rangeUrl: config.passwords.rangeUrl,
  };
}

/**
 * `makeSecrets`: whether those of development that are missing are made.
 * @throws OperatorError that lists every mistake at once.
 */
export function parseConfig(environment: Environment, { makeSecrets = true } = {}): Config {
  const variables = new Variables(environment);
  const production = isProduction(variables);
  const dataDir = resolve(variables.text('DATA_DIR') ?? '.data');

  const port = variables.wholeNumber('PORT', { fallback: 3000, ...PORTS });
  const internalPort = internalPortOf(variables, port);
  const issuers = readIssuers(variables, { production, port });
  const local = isLocal(issuers.issuer);
  const database = readDatabaseSettings(variables, { production, dataDir });
  const trustedProxies = variables.networks('TRUSTED_PROXIES');
  const config = {
    production,
    ...issuers,
    environment: readEnvironmentName(variables),
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
    seedsDeletions: variables.oneOf('SEEDS_DELETIONS', ['apply', 'refuse'] as const, 'apply'),
    trustedProxies,
    clientCertificates: readClientCertificates(variables, { trustedProxies, production }),
    outbound: readOutbound(variables, { production, issuer: issuers.issuer }),
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
    rotationCommit: variables.oneOf(
      'ROTATION_COMMIT',
      ['synchronous', 'asynchronous'] as const,
      'synchronous',
    ),
    direct: readDirect(variables),
    connections: connectionsOf(variables),
    mail: readMail(variables, { production, demo: local && !production }),
    demo: local && !production,
    demoSeed: local && !production && database.kind === 'embedded',
    rsaBits: readRsaBits(variables),
    keyRotation: readKeyRotation(variables),
    housekeeping: {
      everyMs: variables.wholeNumber('HOUSEKEEPING_SECONDS', { fallback: 60, low: 1, high: DAY }) * 1000,
      batchSize: 1000,
    },
    // A year for comparison, as auditors ask (PCI DSS 10.5.1), and a month in which to look.
    auditKeepMonths: variables.wholeNumber('AUDIT_KEEP_MONTHS', { fallback: 13, low: 1, high: 120 }),
    secrets: readSecrets(variables, { production, dataDir, makeSecrets }),
    passwords: readPasswordSettings(variables),
  };

  variables.refuseMistakes();
  return config;
}

function internalPortOf(variables: Variables, port: number): number | undefined {
  if (variables.text('INTERNAL_PORT') === undefined) return undefined;
  const internalPort = variables.wholeNumber('INTERNAL_PORT', { fallback: 0, ...PORTS });
  if (internalPort !== 0 && internalPort === port)
    variables.mistakes.push(`INTERNAL_PORT is ${port}, which is PORT; give it one of its own.`);
  return internalPort;
}

function workersOf(variables: Variables, database: DatabaseSettings): number {
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
