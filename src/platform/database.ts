import { resolve } from 'node:path';
import knex, { type Knex } from 'knex';
import { holdsDatabase } from './data-directory.ts';
import { findRunningOwner } from './embedded/data-directory-lock.ts';
import type { EmbeddedDatabase } from './embedded/embedded-database.ts';
import { OperatorError } from './errors.ts';
import { type PostgresAddress, parsePostgresAddress } from './postgres/address.ts';
import { checkPostgres } from './postgres/check-postgres.ts';
import { connectionOpener } from './postgres/open-connection.ts';
import { ConnectionPool, type Limits } from './postgres/pool.ts';
import { createReadiness } from './postgres/readiness.ts';
import { useNoNames } from './postgres/statements/prepared-statement.ts';

/** A connection pool, or the caller's transaction. Every store takes one of them. */
export type Queryable = Knex | Knex.Transaction;

export interface Database {
  /** For requests. A request waits for the database for 5 seconds at most, all its statements together. */
  readonly knex: Knex;
  /**
   * For jobs, whose statements may take 15 seconds. They have their own connections, so jobs and requests do not wait
   * for each other.
   */
  readonly background: Knex;
  readonly kind: 'embedded' | 'postgres';
  /** For migrations and seeds: statements may take as long as they need. */
  patiently<T>(use: (knex: Knex) => Promise<T>): Promise<T>;
  /**
   * Checks within a second, over its own connection, that this node accepts writes. @throws ConnectionLost,
   * ReadOnlyNode, and the errors of Postgres.
   */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** `statementMs`: when Postgres ends a statement, in milliseconds; sooner than this process gives up. */
export interface StatementLimits extends Limits {
  statementMs: number;
}

export interface PostgresOptions {
  url: string;
  /** The most connections for requests. */
  poolSize: number;
  /** The connections for requests that stay open when idle. */
  poolMin?: number;
  /** For requests. `FOR_REQUESTS` fills in missing members. */
  limits?: Partial<StatementLimits>;
  /** For a command: nothing times out, and jobs share the connections of requests. */
  patient?: boolean;
  /** Receives each sentence for the operator once, such as one about a pooler that refuses statement_timeout. */
  say?(sentence: string): void;
}

export interface EmbeddedOptions {
  dataDir: string | undefined;
  template?: Blob;
  shareRunning?: boolean;
  /** Refuses a data directory without a database, and makes nothing in it. */
  mustExist?: boolean;
}

/**
 * A request that waited `waitMs` for a connection still has time for one statement, which Postgres ends before
 * `requestMs`.
 */
const FOR_REQUESTS: StatementLimits = { waitMs: 2300, statementMs: 2500, requestMs: 5000, leaseMs: 15_000 };
const FOR_JOBS: StatementLimits = { waitMs: 0, statementMs: 15_000, requestMs: 0, leaseMs: 20_000 };
const PATIENT: StatementLimits = { waitMs: 0, statementMs: 0, requestMs: 0, leaseMs: 0 };
/** The embedded database runs in this process and does one thing at a time. */
const EMBEDDED: Limits = { waitMs: 10_000, requestMs: 15_000, leaseMs: 0 };

const JOB_CONNECTIONS = 2;

/**
 * Opens this process's database: Postgres at `url`, or the embedded database.
 *
 * The embedded database is one session, so its pool has exactly one connection: code inside a transaction must not
 * ask for a second. With `shareRunning` (the command line), it joins a server that has the directory open.
 *
 * @throws OperatorError that says why the database cannot be used.
 */
export function openDatabase(options: PostgresOptions | EmbeddedOptions): Promise<Database> {
  return 'url' in options ? openPostgres(options) : openEmbedded(options);
}

async function openPostgres(options: PostgresOptions): Promise<Database> {
  const { patient = false, poolMin = 0, limits = {} } = options;
  const said = new Set<string>();
  const say = (sentence: string) => {
    if (!said.has(sentence)) options.say?.(sentence);
    said.add(sentence);
  };
  const address = parsePostgresAddress(options.url);
  const pools: ConnectionPool[] = [];
  const open = (size: number, keep: number, { statementMs, ...limits }: StatementLimits): Knex => {
    const pool = new ConnectionPool({
      open: connectionOpener({
        address,
        statementTimeoutMs: statementMs,
        idleTimeoutMs: limits.requestMs || limits.leaseMs,
        say,
      }),
      size,
      keep,
      limits,
    });
    pools.push(pool);
    return knexOver(pool);
  };
  const requests = open(options.poolSize, poolMin, patient ? PATIENT : { ...FOR_REQUESTS, ...limits });
  const background = patient ? requests : open(JOB_CONNECTIONS, 1, FOR_JOBS);
  let lasting: Knex | undefined;
  const readiness = createReadiness(address, say);
  const close = async () => {
    readiness.close();
    await Promise.all(pools.map((pool) => pool.destroy()));
  };
  try {
    await checkPostgres(background, address);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    knex: requests,
    background,
    kind: 'postgres',
    patiently(use) {
      lasting ??= open(1, 0, PATIENT);
      return use(lasting);
    },
    ready: () => readiness.check(),
    close,
  };
}

async function openEmbedded({
  dataDir,
  template,
  shareRunning,
  mustExist,
}: EmbeddedOptions): Promise<Database> {
  const running = shareRunning && dataDir ? await findRunningOwner(dataDir) : undefined;
  if (!running && mustExist && dataDir && !holdsDatabase(dataDir))
    throw new OperatorError(`There is no database in ${resolve(dataDir)} yet; npm start makes it.`);
  let embedded: EmbeddedDatabase | undefined;
  if (!running) {
    // Loaded only when needed: it is a tenth of all code, and a process on Postgres never uses it.
    const { openEmbeddedDatabase } = await import('./embedded/embedded-database.ts');
    embedded = await openEmbeddedDatabase({ dataDir, ...(template ? { template } : {}) });
  }
  const pool = new ConnectionPool({
    open: connectionOpener({
      address: embeddedAddress(running ?? embedded?.socketDirectory ?? ''),
      statementTimeoutMs: 0,
      idleTimeoutMs: 0,
      say: () => undefined,
    }),
    size: 1,
    keep: 0,
    limits: EMBEDDED,
  });
  const session = knexOver(pool);
  useNoNames(session);
  return {
    knex: session,
    background: session,
    kind: 'embedded',
    patiently: (use) => use(session),
    ready: async () => void (await session.raw('SELECT 1')),
    async close() {
      await pool.destroy();
      await embedded?.close();
    },
  };
}

function embeddedAddress(socketDirectory: string): PostgresAddress {
  return {
    hosts: [{ host: socketDirectory, port: 5432 }],
    user: 'postgres',
    password: undefined,
    database: 'postgres',
    tls: false,
    targetSessionAttrs: 'any',
    connectTimeoutMs: 3000,
    parameters: { application_name: 'listo' },
  };
}

function knexOver(pool: ConnectionPool): Knex {
  return knex({
    client: 'pg',
    connectionPool: pool,
    compileSqlOnError: false,
    // knex also throws what it would print, and the caller reports it in the process's own words.
    log: { debug: ignore, warn: ignore, error: ignore, deprecate: ignore },
  });
}

function ignore(): void {}
