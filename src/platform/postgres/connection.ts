import { Client, type ClientConfig, type QueryConfig, type QueryResult } from 'pg';
import { ConnectionLost, sortOf } from './sqlstates.ts';

/** A `pg` client that knows whether it may be used again. */
export interface Connection extends Client {
  /** Why it must not be used again: it broke, timed out, or is at a node that is gone. */
  spoiled: Error | undefined;
  /** Closes it under whatever is being asked on it: Postgres hears of it at its next answer, and nobody waits any more. */
  giveUp(reason: Error): void;
  /** Says goodbye and closes it; without an answer of the other side when that does not come. */
  close(): void;
}

type Callback = (error: Error | null, result?: QueryResult) => void;
type Ask = (query: string | QueryConfig, values?: unknown[]) => Promise<QueryResult>;

const GOODBYE_MS = 1000;

/**
 * Makes a client, not connected yet. Whichever way it is asked (by knex, as a prepared statement, in a transaction):
 * - an error that says the node is gone spoils it;
 * - an error without a code of Postgres, on a connection that broke, is a ConnectionLost;
 * - a statement on its own that met another transaction (40001, 40P01) is sent once more: Postgres undid all of it.
 */
export function createConnection(config: ClientConfig): Connection {
  const client = new Client(config) as Connection;
  client.spoiled = undefined;
  client.on('error', (error) => {
    client.spoiled ??= error;
  });
  client.on('end', () => {
    client.spoiled ??= new Error('the connection ended');
  });
  client.giveUp = (reason) => {
    client.spoiled ??= reason;
    client.connection.stream.destroy(reason);
  };
  client.close = () => {
    if (client.spoiled) return void client.connection.stream.destroy();
    client.spoiled = new Error('the connection is closed');
    const { stream } = client.connection;
    const goodbye = setTimeout(() => stream.destroy(), GOODBYE_MS);
    stream.once('close', () => clearTimeout(goodbye));
    client.end(() => undefined);
  };
  watchQueries(client);
  return client;
}

function watchQueries(client: Connection): void {
  const send = client.query.bind(client) as unknown as Ask;

  const ask: Ask = async (query, values) => {
    // Of a statement inside a transaction, all before it is undone as well.
    const alone = client.getTransactionStatus() === 'I';
    try {
      return await send(query, values);
    } catch (error) {
      if (alone && sortOf(error) === 'again') return await send(query, values);
      throw error;
    }
  };
  const judged: Ask = (query, values) =>
    ask(query, values).catch((error: Error) => {
      throw judge(client, error);
    });

  // In place of the one of `pg`, whose other ways to be called (a cursor, a stream) nobody uses here.
  client.query = ((query: string | QueryConfig, second?: unknown[] | Callback, third?: Callback) => {
    const callback = typeof second === 'function' ? second : third;
    const answer = judged(query, Array.isArray(second) ? second : undefined);
    if (!callback) return answer;
    answer.then((result) => callback(null, result), callback);
    return undefined;
  }) as unknown as Client['query'];
}

function judge(client: Connection, error: Error): Error {
  const sort = sortOf(error);
  if (sort === 'gone') client.spoiled ??= error;
  if (sort !== undefined || !client.spoiled) return error;
  return new ConnectionLost(`The connection to the database was lost (${client.spoiled.message}).`, {
    cause: error,
  });
}
