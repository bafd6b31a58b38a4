import { Client, type ClientConfig, type QueryConfig, type QueryResult } from 'pg';
import { ConnectionLost, sortOf } from './sqlstates.ts';

/** A `pg` client that knows whether it may be used again. */
export interface Connection extends Client {
  /** Why the connection must not be used again: it broke, timed out, or leads to a node that is gone. */
  spoiled: Error | undefined;
  /**
   * Closes the connection during a query. The caller stops waiting at once; Postgres notices when it sends its
   * answer.
   */
  giveUp(reason: Error): void;
  /** Says goodbye and closes the connection, after a second also without an answer. */
  close(): void;
}

type Callback = (error: Error | null, result?: QueryResult) => void;
type Ask = (query: string | QueryConfig, values?: unknown[]) => Promise<QueryResult>;

const GOODBYE_MS = 1000;

/**
 * Makes a client that is not connected yet. However it is queried (by knex, as a prepared statement, in a
 * transaction):
 * - an error that says the node is gone spoils the connection;
 * - an error without a code of Postgres, on a broken connection, becomes a ConnectionLost;
 * - a single statement that conflicted with another transaction (40001, 40P01) is sent once more, because Postgres
 *   undid all of it.
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
    // Inside a transaction, Postgres undoes the earlier statements as well.
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

  // Replaces the `query` of `pg`. Nobody here uses its other forms (a cursor, a stream).
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
