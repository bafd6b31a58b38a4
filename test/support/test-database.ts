import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import knex from 'knex';
import { type Database, openDatabase } from '../../src/platform/database.ts';

export interface TestDatabase extends Database {
  /** For a second process on the same database; undefined on the embedded one, which has one process. */
  url: string | undefined;
}

/** A migrated, empty database of its own: embedded in memory, or on the Postgres of `TEST_DATABASE_URL`. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { TEST_DATABASE_URL: url, TEST_TEMPLATE: template, TEST_FOLDER: folder = '' } = process.env;
  if (!url) {
    const database = await openDatabase({
      dataDir: undefined,
      template: new Blob([readFileSync(join(folder, 'template.tar'))]),
    });
    return { ...database, url: undefined };
  }
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
