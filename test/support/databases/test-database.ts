import { randomBytes } from 'node:crypto';
import knex from 'knex';
import { type Database, openDatabase } from '../../../src/platform/database.ts';
import { embeddedTemplate } from './embedded-template.ts';
import type { Template } from './templates.ts';

export interface TestDatabase extends Database {
  /** For a second process on the same database. It is undefined for the embedded one, which belongs to one process. */
  url: string | undefined;
}

/** Opens a copy of a template: embedded in memory, or on the Postgres of `TEST_DATABASE_URL`. */
export async function openTestDatabase(template: Template = 'empty'): Promise<TestDatabase> {
  const { TEST_DATABASE_URL: url, TEST_TEMPLATES: templates } = process.env;
  if (!url) {
    const embedded = await openDatabase({ dataDir: undefined, template: embeddedTemplate(template) });
    return { ...embedded, url: undefined };
  }
  const name = `listo_test_${randomBytes(6).toString('hex')}`;
  const admin = knex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  await admin.raw('CREATE DATABASE ?? TEMPLATE ??', [name, `${templates}${template}`]);
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
