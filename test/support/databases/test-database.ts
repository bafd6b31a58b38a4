import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import knex from 'knex';
import { type Database, openDatabase } from '../../../src/platform/database.ts';

export interface TestDatabase extends Database {
  /** For a second process on the same database. It is undefined for the embedded one, which belongs to one process. */
  url: string | undefined;
}

/** Opens a migrated, empty database: embedded in memory, or on the Postgres of `TEST_DATABASE_URL`. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { TEST_DATABASE_URL: url, TEST_TEMPLATE: template } = process.env;
  if (!url) return { ...(await openDatabase({ dataDir: undefined, ...embeddedTemplate() })), url: undefined };
  const name = `listo_test_${randomBytes(6).toString('hex')}`;
  const admin = knex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  await admin.raw('CREATE DATABASE ?? TEMPLATE ??', [name, template ?? '']);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const database = await openDatabase({ url: own.href, poolSize: 10 });
  return {
    ...database,
    url: own.href,
    async close() {
      await database.close();
      await admin.raw('DROP DATABASE ?? WITH (FORCE)', [name]);
      await admin.destroy();
    },
  };
}

/** The migrated template for a new embedded database, if there is one; migrating takes seconds. */
export function embeddedTemplate(): { template?: Blob } {
  const file = join(process.env.TEST_FOLDER ?? '', 'template.tar');
  return existsSync(file) ? { template: new Blob([readFileSync(file)]) } : {};
}
