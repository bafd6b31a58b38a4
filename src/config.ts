import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { OperatorError } from './platform/errors.ts';

/**
 * Everything the environment decides, checked and shaped once. Nothing else reads `process.env`, and nothing
 * downstream has an "if unset": defaults live here.
 */
export interface Config {
  production: boolean;
  /** The issuer identifier: an origin, without a trailing slash. */
  issuer: string;
  listnrIssuer: string;
  /** The LiSTNR environment a client must be enabled for. */
  environment: 'dev' | 'production';
  host: string;
  port: number;
  /** Metrics and detailed health; undefined: off. */
  internalPort: number | undefined;
  database: { kind: 'postgres'; url: string } | { kind: 'embedded'; dataDir: string };
  workers: number;
  logLevel: string;
  seedsDir: string | undefined;
  /** Addresses and networks (CIDR) whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
  /** Requests one address may make in a minute, and failed authentications it may make; 0: no limit. */
  requestsPerMinute: number;
  failuresPerMinute: number;
  /** The demo seed and /demo: on the embedded database, an issuer on loopback, and not in production. */
  demo: boolean;
  secrets: Secrets;
}

export interface Secrets {
  /** Sign the cookies; the first signs, all verify. */
  cookieKeys: readonly string[];
  /** 32 bytes each; the first seals, all open. */
  keyEncryptionKeys: readonly Buffer[];
}

type Environment = Record<string, string | undefined>;

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Reads the environment of this process.
 * @throws OperatorError that lists every mistake at once.
 */
export function readConfig(): Config {
  return parseConfig(process.env);
}

/** @throws OperatorError that lists every mistake at once. */
export function parseConfig(environment: Environment): Config {
  const mistakes: string[] = [];
  const env = withFiles(environment, mistakes);
  const production = env.NODE_ENV === 'production';

  const port = wholeNumber(env, 'PORT', { fallback: 3000, low: 0, high: 65_535 }, mistakes);
  const issuer = origin(env, 'ISSUER', `http://localhost:${port}`, mistakes);
  const listnrIssuer = issuerUrl(env, 'LISTNR_ISSUER', issuer.value, mistakes);
  const database = databaseOf(env, mistakes);
  const workers = wholeNumber(env, 'WORKERS', { fallback: 1, low: 1, high: 64 }, mistakes);

  if (production) {
    if (issuer.value.startsWith('http:')) mistakes.push('ISSUER must be https in production.');
    if (listnrIssuer.startsWith('http:')) mistakes.push('LISTNR_ISSUER must be https in production.');
    if (database.kind === 'embedded')
      mistakes.push(
        'DATABASE_URL is required in production: the embedded database is for trying and developing.',
      );
  }
  if (workers > 1 && database.kind === 'embedded') {
    mistakes.push(
      'WORKERS above 1 needs Postgres (DATABASE_URL): the embedded database belongs to one process.',
    );
  }
  const config = {
    production,
    issuer: issuer.value,
    listnrIssuer,
    environment: oneOf(env, 'ENVIRONMENT', ['dev', 'production'] as const, 'dev', mistakes),
    host: env.HOST ?? '127.0.0.1',
    port,
    internalPort:
      env.INTERNAL_PORT === undefined
        ? undefined
        : wholeNumber(env, 'INTERNAL_PORT', { fallback: 0, low: 0, high: 65_535 }, mistakes),
    database,
    workers,
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info', mistakes),
    seedsDir: directory(env, 'SEEDS_DIR', mistakes),
    trustedProxies: networks(env, 'TRUSTED_PROXIES', mistakes),
    requestsPerMinute: wholeNumber(
      env,
      'REQUESTS_PER_MINUTE',
      { fallback: 6000, low: 0, high: 10_000_000 },
      mistakes,
    ),
    failuresPerMinute: wholeNumber(
      env,
      'FAILURES_PER_MINUTE',
      { fallback: 20, low: 0, high: 1_000_000 },
      mistakes,
    ),
    demo: !production && database.kind === 'embedded' && issuer.loopback,
  };

  const secrets = readSecrets(env, { production, mistakes, dataDir: env.DATA_DIR ?? '.data' });

  if (mistakes.length > 0) {
    throw new OperatorError(
      `The configuration is wrong:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`,
    );
  }
  return { ...config, secrets };
}

/** Every variable may come from a file: `X_FILE` names it. A trailing line break is not part of the value. Empty means unset. */
function withFiles(environment: Environment, mistakes: string[]): Environment {
  const env: Environment = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value !== '') env[name] = value;
  }
  for (const name of ['DATABASE_URL', 'COOKIE_KEYS', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS']) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name]) {
      mistakes.push(`${name} and ${name}_FILE are both set; keep one.`);
      continue;
    }
    try {
      env[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      mistakes.push(
        `${name}_FILE names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      );
    }
  }
  return env;
}

function wholeNumber(
  env: Environment,
  name: string,
  range: { fallback: number; low: number; high: number },
  mistakes: string[],
): number {
  const text = env[name];
  if (text === undefined) return range.fallback;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.low && value <= range.high) return value;
  mistakes.push(`${name} is "${text}"; it takes a whole number from ${range.low} to ${range.high}.`);
  return range.fallback;
}

function oneOf<T extends string>(
  env: Environment,
  name: string,
  known: readonly T[],
  fallback: T,
  mistakes: string[],
): T {
  const text = env[name];
  if (text === undefined) return fallback;
  const found = known.find((value) => value === text);
  if (found) return found;
  mistakes.push(`${name} is "${text}"; it takes one of ${known.join(', ')}.`);
  return fallback;
}

function origin(
  env: Environment,
  name: string,
  fallback: string,
  mistakes: string[],
): { value: string; loopback: boolean } {
  const text = env[name] ?? fallback;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || `${url.origin}` !== text.replace(/\/$/, '')) {
    mistakes.push(`${name} is "${text}"; it takes an origin without a path, such as https://login.example.`);
    return { value: fallback, loopback: false };
  }
  return { value: url.origin, loopback: LOOPBACK.has(url.hostname) };
}

function issuerUrl(env: Environment, name: string, fallback: string, mistakes: string[]): string {
  const text = env[name] ?? fallback;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username)
    return text.replace(/\/$/, '');
  mistakes.push(`${name} is "${text}"; it takes an https address without query or fragment.`);
  return fallback;
}

function databaseOf(env: Environment, mistakes: string[]): Config['database'] {
  const url = env.DATABASE_URL;
  if (url === undefined) return { kind: 'embedded', dataDir: resolve(env.DATA_DIR ?? '.data') };
  if (!/^postgres(ql)?:\/\//.test(url))
    mistakes.push('DATABASE_URL must begin with postgres:// or postgresql://.');
  return { kind: 'postgres', url };
}

function directory(env: Environment, name: string, mistakes: string[]): string | undefined {
  const path = env[name];
  if (path !== undefined && !existsSync(path)) mistakes.push(`${name} names ${path}, which does not exist.`);
  return path;
}

function networks(env: Environment, name: string, mistakes: string[]): string[] {
  const list = (env[name] ?? '').split(/[\s,]+/).filter(Boolean);
  for (const item of list) {
    const [address = '', bits, more] = item.split('/');
    const family = isIP(address);
    if (
      family === 0 ||
      more !== undefined ||
      (bits !== undefined && !(/^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
    ) {
      mistakes.push(
        `${name} has "${item}"; it takes addresses and networks such as 10.0.0.0/8, separated by commas.`,
      );
    }
  }
  return list;
}

function readSecrets(
  env: Environment,
  { production, mistakes, dataDir }: { production: boolean; mistakes: string[]; dataDir: string },
): Secrets {
  const made = production
    ? {}
    : developmentSecrets(
        dataDir,
        ['COOKIE_KEYS', 'KEY_ENCRYPTION_KEY'].every((name) => env[name]),
        mistakes,
      );
  const get = (name: keyof typeof made | string): string[] => {
    const text = env[name] ?? (made as Environment)[name];
    if (text === undefined)
      mistakes.push(`${name} is required in production. Make one with: openssl rand -base64 32`);
    return (text ?? '').split(/[\s,]+/).filter(Boolean);
  };

  const cookieKeys = get('COOKIE_KEYS');
  if (cookieKeys.some((key) => key.length < 32))
    mistakes.push('COOKIE_KEYS has a key of fewer than 32 characters.');

  const keyEncryptionKeys = get('KEY_ENCRYPTION_KEY').map((key) => Buffer.from(key, 'base64'));
  if (keyEncryptionKeys.some((key) => key.length !== 32)) {
    mistakes.push(
      'KEY_ENCRYPTION_KEY takes 32 bytes in base64 (several separated by commas): openssl rand -base64 32',
    );
  }
  return { cookieKeys, keyEncryptionKeys };
}

/** Outside production, secrets are made once and kept beside the embedded database, so that restarting loses nothing. */
function developmentSecrets(dataDir: string, allGiven: boolean, mistakes: string[]): Environment {
  if (allGiven) return {};
  const file = join(dataDir, 'development-secrets.json');
  try {
    if (!existsSync(file)) {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      const fresh = {
        COOKIE_KEYS: randomBytes(32).toString('base64'),
        KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      };
      writeFileSync(file, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    }
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    mistakes.push(
      `DATA_DIR is ${dataDir}, where the development secrets cannot be kept (${(error as NodeJS.ErrnoException).code ?? 'not readable'}).`,
    );
    return {};
  }
}
