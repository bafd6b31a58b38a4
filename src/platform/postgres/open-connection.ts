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
  /** After how long Postgres ends a statement; 0: never. */
  statementTimeoutMs: number;
  /** After how long Postgres ends a transaction in which nothing is asked, so that one whose wire broke keeps no locks; 0: never. */
  idleTimeoutMs: number;
  /** Told once what an operator should know of the connections. */
  say(sentence: string): void;
  /** In place of the machine's name servers. */
  lookUp?: LookUp;
}

/** After a refusal, while another host has not answered yet. */
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
 * Opens connections to the first of an address's hosts that can be used, beginning with the one that served last. A host
 * that is silent keeps nobody from the next, which is tried beside it.
 *
 * The promise is rejected with what Postgres said (28P01, 3D000 …), with ReadOnlyNode, or with ConnectionLost.
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
      // A pooler that cannot keep track of them, as PgBouncer. Statements are still given up here.
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
 * The first that works; the others are closed. A host that answered with a refusal is asked again for as long as another
 * has not answered: after a failover it may be the one that takes over. Rejects with the most telling reason.
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

/** @throws what Postgres said, ReadOnlyNode, or ConnectionLost. */
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
 * The certificate has to be that of the host which was named, by whichever of its addresses it is reached. Over a socket
 * there is no TLS, whatever is wanted (as with libpq).
 */
function tlsTo(
  { target, host }: Pick<Candidate, 'target' | 'host'>,
  tls: PostgresAddress['tls'],
): Tls | false {
  if (target.startsWith('/')) return false;
  // What PGSSLMODE says, as `pg` reads it.
  const wanted = tls ?? (new Client() as Client & { ssl: Tls | boolean }).ssl;
  if (!wanted) return false;
  return {
    checkServerIdentity: (_reached, certificate) => checkServerIdentity(host, certificate),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(wanted === true ? {} : wanted),
  };
}

/** Asked, and not taken from what the node reported at connecting: a pooler repeats what it heard from another. */
export async function requireWritable(
  connection: Connection,
  wanted: 'read-write' | 'primary' = 'read-write',
): Promise<void> {
  const { rows } = await connection.query(
    // Postgres before 14 does not know the first, and is refused for its age, not for that.
    "SELECT current_setting('in_hot_standby', true) AS standby, current_setting('transaction_read_only') AS read_only",
  );
  const [{ standby, read_only: readOnly }] = rows;
  if (standby === 'on' || (wanted === 'read-write' && readOnly === 'on')) throw new ReadOnlyNode();
}

/** A refusal of ours to correct before a node that cannot be written to, and that before one that cannot be reached. */
function mostTelling(failures: Error[]): Error {
  const [first] = failures.toSorted((one, other) => rank(one) - rank(other));
  return first ?? new ConnectionLost('there is no host');
}

function rank(error: Error): number {
  if (error instanceof ConnectionLost) return 2;
  return error instanceof ReadOnlyNode ? 1 : 0;
}
