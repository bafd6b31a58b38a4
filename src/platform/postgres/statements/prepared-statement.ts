import { hash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Connection as PooledConnection } from '../connection.ts';
import { nameValues } from './named-values.ts';

type Queryable = Knex | Knex.Transaction;

/**
 * A statement of the token path. Postgres parses and plans it once for each connection, which saves two thirds of its
 * cost (docs/performance.md). It runs on the connections of the given pool.
 */
export type PreparedStatement<Row, Values> = (
  db: Queryable,
  values: Values,
) => Promise<{ rows: Row[]; rowCount: number }>;

/** The parts of knex's driver that are used here. */
interface Driver {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
  emit(event: 'query', query: { sql: string; bindings: readonly unknown[] }): void;
}

type Connection = Pick<PooledConnection, 'query' | 'spoiled'>;

/**
 * Drivers whose statements have no names: that of the embedded database, and those behind a pooler that mixes up
 * names.
 */
const withoutNames = new WeakSet<object>();

/**
 * The connection does not know a name, or knows it already. A pooler in transaction mode that does not track names
 * (PgBouncer before 1.21) gave us another connection.
 */
const NAME_IS_IN_THE_WAY = new Set(['26000', '42P05']);
/** The columns of the result have changed since the statement was planned: a newer release ran a migration. */
const PLAN_IS_OUT_OF_DATE = '0A000';

/**
 * `sql` names each of its `Values`: `:familyHash`. Null is a value, undefined is not. `name` is unique in this program.
 * Postgres sees it with a digest of the statement appended, so that two releases behind one pooler never use one name
 * for different statements.
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
            // Postgres refuses these before it begins, so nothing was done yet.
            return connection.query(query);
          });
      return { rows, rowCount: rowCount ?? 0 };
    } finally {
      await driver.releaseConnection(connection);
    }
  };
}

/** The embedded database is one session for all its clients, so their statement names would collide. */
export function useNoNames(db: Queryable): void {
  withoutNames.add(db.client as Driver);
}
