import { types } from 'node:util';
import knex, { type Knex } from 'knex';
import { findRunningOwner } from './data-directory-lock.ts';
import type { EmbeddedDatabase } from './embedded-database.ts';
import { DatabaseAwayError, HttpError } from './errors.ts';
import { checkPostgres } from './postgres-check.ts';
import { useNoNames } from './prepared-statement.ts';

/** A connection pool, or the transaction a caller is in: what every store takes. */
export type Queryable = Knex | Knex.Transaction;

export interface Database {
  readonly knex: Knex;
  readonly kind: 'embedded' | 'postgres';
  /** For a migration: statements may take as long as they need, where those of a request are given up after 15 seconds. */
  patiently<T>(use: (knex: Knex) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type DatabaseOptions = (
  | { url: string; poolSize: number }
  | { dataDir: string | undefined; template?: Blob; shareRunning?: boolean }
) & {
  /** How long a statement may take; 0: as long as it needs. */
  queryTimeoutMs?: number;
};

const QUERY_TIMEOUT_MS = 15_000;

/**
 * Opens the one pool of this process: to Postgres at `url`, or to the embedded database.
 *
 * The embedded database is one session, so its pool has exactly one connection and nothing may ask for a second
 * inside a transaction. With `shareRunning` (the command line) a server that has the directory open is joined.
 *
 * @throws OperatorError when the database cannot be used, saying why.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const query_timeout = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
  if ('url' in options) {
    const connection = { connectionString: options.url, application_name: 'listo', keepAlive: true };
    const pool = createPool({ ...connection, query_timeout }, { min: 0, max: options.poolSize });
    await checkPostgres(pool, options.url);
    return {
      knex: pool,
      kind: 'postgres',
      async patiently(use) {
        const patient = createPool(connection, { min: 0, max: 1 });
        try {
          return await use(patient);
        } finally {
          await patient.destroy();
        }
      },
      close: () => pool.destroy(),
    };
  }

  const running =
    options.shareRunning && options.dataDir ? await findRunningOwner(options.dataDir) : undefined;
  let embedded: EmbeddedDatabase | undefined;
  if (!running) {
    // A process on Postgres does without it: it is a tenth of what is loaded.
    const { openEmbeddedDatabase } = await import('./embedded-database.ts');
    embedded = await openEmbeddedDatabase({
      dataDir: options.dataDir,
      ...(options.template ? { template: options.template } : {}),
    });
  }
  const pool = createPool(
    {
      host: running ?? embedded?.socketDirectory,
      port: 5432,
      user: 'postgres',
      database: 'postgres',
      query_timeout,
    },
    { min: 0, max: 1 },
  );
  useNoNames(pool);
  return {
    knex: pool,
    kind: 'embedded',
    patiently: (use) => use(pool),
    async close() {
      await pool.destroy();
      await embedded?.close();
    },
  };
}

function createPool(connection: object, pool: { min: number; max: number }): Knex {
  return knex({
    client: 'pg',
    connection: { ...connection, connectionTimeoutMillis: 3000 },
    pool: { ...pool, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: 5000,
    compileSqlOnError: false,
    // What knex would print is thrown as well, to whoever can say it in the process's own words.
    log: { debug: ignore, warn: ignore, error: ignore, deprecate: ignore },
  });
}

function ignore(): void {}

/**
 * True when an error says that the database cannot be reached just now, as against a statement that is wrong:
 * network errors, SQLSTATE classes 08 (connection), 57P (shutdown) and 53 (resources), and a pool that waited in vain.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseAwayError) return true;
  if (!types.isNativeError(error)) return false;
  const { code, errors } = error as { code?: unknown; errors?: unknown[] };
  // Connecting to a name with several addresses fails with one error for each.
  if (errors?.some(isDatabaseUnavailable)) return true;
  if (typeof code === 'string') {
    return (
      /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT|EHOSTUNREACH|ENETUNREACH)$/.test(
        code,
      ) || /^(08|57P|53)/.test(code)
    );
  }
  // pg and knex give these no code; the classes and constructors are not exported either. Knex puts the statement in front.
  return /^(.* - )?(Connection terminated|timeout expired|Query read timeout|Knex: Timeout acquiring|Client has encountered a connection error|Client was closed|The server does not support|Connection ended)/s.test(
    error.message,
  );
}

/** The answer while the database is away: 503, and when to ask again. */
export function unavailable(cause: unknown): HttpError {
  return new HttpError({
    status: 503,
    code: 'temporarily_unavailable',
    message: 'The service is briefly unavailable. Please try again in a few seconds.',
    headers: { 'Retry-After': '5' },
    cause,
  });
}
