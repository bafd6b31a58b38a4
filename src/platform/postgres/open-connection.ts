import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { Client, type ClientConfig } from 'pg';
import type { PostgresAddress } from './address.ts';
import { type Candidate, candidatesOf, type LookUp, STAGGER_MS } from './candidates.ts';
import { type Connection, createConnection } from './connection.ts';
import { ConnectionLost, lost, ReadOnlyNode, sortOf } from './sqlstates.ts';
import type { Tls } from './tls.ts';

export interface OpenOptions {
  address: PostgresAddress;
  /** After how many milliseconds Postgres ends a statement; 0: never. */
  statementTimeoutMs: number;
  /**
   * After how many milliseconds Postgres ends an idle transaction, so that one whose connection broke keeps no locks;
   * 0: never.
   */
  idleTimeoutMs: number;
  /** Receives each sentence for the operator about the connections once. */
  say(sentence: string): void;
  /** Replaces the machine's name servers. */
  lookUp?: LookUp;
}

/** The wait before a host that refused is asked again, while another has not answered yet. */
const AGAIN_MS = 500;
const REFUSED_PARAMETER = '08P01';
const REFUSED_TIMEOUTS =
  'What DATABASE_URL names refuses statement_timeout or idle_in_transaction_session_timeout at connecting, as PgBouncer does. Set both for the role in Postgres instead.';

type Timeouts = Pick<ClientConfig, 'statement_timeout' | 'idle_in_transaction_session_timeout'>;

function timeoutsOf({ statementTimeoutMs, idleTimeoutMs }: OpenOptions): Timeouts {
  return {
    ...(statementTimeoutMs ? { statement_timeout: statementTimeoutMs } : {}),
    ...(idleTimeoutMs ? { idle_in_transaction_session_timeout: idleTimeoutMs } : {}),
  };
}

/**
 * Opens connections to the first usable host of an address. It begins with the host that served last. While a host is
 * silent, the next one is tried as well.
 *
 * The promise rejects with the error of Postgres (28P01, 3D000 …), with ReadOnlyNode, or with ConnectionLost.
 */
export function connectionOpener(options: OpenOptions): () => Promise<Connection> {
  let served: Candidate | undefined;
  let timeouts = timeoutsOf(options);

  const connect = async (candidate: Candidate): Promise<Connection> => {
    const said = timeouts;
    try {
      return await connectTo(candidate, options, said);
    } catch (error) {
      if ((error as { code?: string }).code !== REFUSED_PARAMETER || Object.keys(said).length === 0)
        throw error;
      const connection = await connectTo(candidate, options, {});
      // A pooler such as PgBouncer cannot track these settings. This process still gives up slow statements itself.
      if (timeouts === said) options.say(REFUSED_TIMEOUTS);
      timeouts = {};
      return connection;
    }
  };

  const hasServed = ({ target, port }: Candidate) =>
    Number(target === served?.target && port === served.port);

  return async () => {
    const failures: Error[] = [];
    for await (const candidates of candidatesOf(options.address, options.lookUp)) {
      candidates.sort((one, other) => hasServed(other) - hasServed(one));
      try {
        const [candidate, connection] = await firstOf(candidates, connect);
        served = candidate;
        return connection;
      } catch (error) {
        failures.push(error as Error);
      }
    }
    throw mostTelling(failures);
  };
}

/**
 * Resolves with the first connection that works and closes the others. A host that refused is asked again while
 * another has not answered: after a failover it may be the one that takes over. Rejects with the most telling reason.
 */
function firstOf(
  candidates: Candidate[],
  connect: (candidate: Candidate) => Promise<Connection>,
): Promise<[Candidate, Connection]> {
  return new Promise((resolve, reject) => {
    const failures = new Map<Candidate, Error>();
    const pending = new Set<Candidate>();
    const untried = [...candidates];
    let settled = false;

    const tryOne = (candidate: Candidate | undefined): void => {
      if (!candidate || settled) return;
      pending.add(candidate);
      after(STAGGER_MS, () => tryOne(untried.shift()));
      connect(candidate).then(
        (connection) => {
          if (settled) return connection.close();
          settled = true;
          resolve([candidate, connection]);
        },
        (error: Error) => {
          pending.delete(candidate);
          failures.set(candidate, error);
          if (untried.length > 0) return tryOne(untried.shift());
          if (pending.size > 0) return after(AGAIN_MS, () => tryOne(candidate));
          settled = true;
          reject(mostTelling([...failures.values()]));
        },
      );
    };
    tryOne(untried.shift());
  });
}

function after(ms: number, work: () => void): void {
  setTimeout(work, ms).unref();
}

/** @throws the error of Postgres, ReadOnlyNode, or ConnectionLost. */
async function connectTo(
  { target, host, port }: Candidate,
  { address }: OpenOptions,
  timeouts: Timeouts,
): Promise<Connection> {
  const { user, password, database, tls, parameters, connectTimeoutMs, targetSessionAttrs } = address;
  const connection = createConnection({
    host: target,
    port,
    user,
    password,
    database,
    ...parameters,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ssl: tlsTo({ target, host }, tls),
    ...timeouts,
  });
  const timer = setTimeout(
    () => connection.giveUp(new Error(`no answer in ${connectTimeoutMs} ms`)),
    connectTimeoutMs,
  );
  try {
    await connection.connect();
    if (targetSessionAttrs !== 'any') await requireWritable(connection, targetSessionAttrs);
    return connection;
  } catch (error) {
    connection.close();
    throw sortOf(error) ? error : lost(error as Error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The certificate must be for the host that DATABASE_URL names, whichever address is used. A socket has no TLS,
 * whatever is configured (as with libpq).
 */
function tlsTo(
  { target, host }: Pick<Candidate, 'target' | 'host'>,
  tls: PostgresAddress['tls'],
): Tls | false {
  if (target.startsWith('/')) return false;
  // The meaning of PGSSLMODE, as `pg` reads it.
  const wanted = tls ?? (new Client() as Client & { ssl: Tls | boolean }).ssl;
  if (!wanted) return false;
  return {
    checkServerIdentity: (_reached, certificate) => checkServerIdentity(host, certificate),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(wanted === true ? {} : wanted),
  };
}

/** Asks the node, since a pooler repeats at connecting what another node reported. */
export async function requireWritable(
  connection: Connection,
  wanted: 'read-write' | 'primary' = 'read-write',
): Promise<void> {
  const { rows } = await connection.query(
    // Postgres before 14 does not know in_hot_standby. Such a node must fail for its age, not for that.
    "SELECT current_setting('in_hot_standby', true) AS standby, current_setting('transaction_read_only') AS read_only",
  );
  const [{ standby, read_only: readOnly }] = rows;
  if (standby === 'on' || (wanted === 'read-write' && readOnly === 'on')) throw new ReadOnlyNode();
}

/** Prefers a refusal that the operator must correct, then a node that does not accept writes, then one out of reach. */
function mostTelling(failures: Error[]): Error {
  const [first] = failures.toSorted((one, other) => rank(one) - rank(other));
  return first ?? new ConnectionLost('there is no host');
}

function rank(error: Error): number {
  if (error instanceof ConnectionLost) return 2;
  return error instanceof ReadOnlyNode ? 1 : 0;
}
