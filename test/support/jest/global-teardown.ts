import { rmSync } from 'node:fs';
import knex from 'knex';

export default async function globalTeardown(): Promise<void> {
  if (process.env.TEST_FOLDER) rmSync(process.env.TEST_FOLDER, { recursive: true, force: true });
  const { TEST_DATABASE_URL: url, TEST_TEMPLATE: template } = process.env;
  if (url && template) {
    const admin = knex({ client: 'pg', connection: url });
    await admin.raw('DROP DATABASE IF EXISTS ??', [template]);
    await admin.destroy();
  }
}
