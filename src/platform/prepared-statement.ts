import { hash } from 'node:crypto';
import type { Knex } from 'knex';
import { nameValues } from './named-values.ts';
import type { Connection as PooledConnection } from './postgres/connection.ts';

type Queryable = Knex | Knex.Transaction;

/**
 * A statement of the token path, which Postgres parses and plans once for each connection: that is two thirds of what
 * it costs (docs/performance.md). Over the connections of the same pool.
 */
export type PreparedStatement<Row, Values> = (
  db: Queryable,
  values: Values,
) => Promise<{ rows: Row[]; rowCount: number }>;

/** What is used here of the driver behind a knex. */
interface Driver {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
  emit(event: 'query', query: { sql: string; bindings: readonly unknown[] }): void;
}

type Connection = Pick<PooledConnection, 'query' | 'spoiled'>;

/** Those whose statements have no names: of the embedded database, and behind a pooler that does not know names. */
const withoutNames = new WeakSet<object>();

/**
 * A name that the connection does not know, or knows already: a pooler in transaction mode that keeps no account of
 * names (PgBouncer before 1.21) gave us another connection.
 */
const NAME_IS_IN_THE_WAY = new Set(['26000', '42P05']);
/** What a statement answers has changed since it was planned: a migration of a newer release. */
const PLAN_IS_OUT_OF_DATE = '0A000';

/**
 * `sql` names each of its `Values`: `:familyHash`. A null is a value, undefined is none. `name` is unique in this
 * program. Postgres sees a digest of the statement behind `name`, so that two releases behind one pooler never mean
 * different statements by one name.
 */
export function prepare<Row, Values extends object = Record<string, never>>(
  name: string,
  sql: string,
): PreparedStatement<Row, Values> {
  const { text, numbered, raw } = nameValues<Values>(name, sql);
  const uniqueName = `${name}_${hash('sha256', text, 'hex').slice(0, 12)}`;

  return async (db, given) => {
    if (db.isTransaction) {
      const [questions, bindings] = raw(given);
      const { rows, rowCount } = await db.raw<{ rows: Row[]; rowCount: number }>(
        questions,
        bindings as never[],
      );
      return { rows, rowCount };
    }
    const values = numbered(given);
    const driver = db.client as Driver;
    const connection = await driver.acquireConnection();
    try {
      driver.emit('query', { sql: text, bindings: values });
      const query = { text, values };
      const { rows, rowCount } = withoutNames.has(driver)
        ? await connection.query(query)
        : await connection.query({ ...query, name: uniqueName }).catch((error: { code?: string }) => {
            if (NAME_IS_IN_THE_WAY.has(error.code ?? '')) withoutNames.add(driver);
            else if (error.code === PLAN_IS_OUT_OF_DATE)
              connection.spoiled ??= new Error('its plans are out of date');
            else throw error;
            // Nothing was done yet: Postgres refuses these before it begins.
            return connection.query(query);
          });
      return { rows, rowCount: rowCount ?? 0 };
    } finally {
      await driver.releaseConnection(connection);
    }
  };
}

/** The embedded database is one session for all its clients, whose names would meet there. */
export function useNoNames(db: Queryable): void {
  withoutNames.add(db.client as Driver);
}
