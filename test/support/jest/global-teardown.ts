import { rmSync } from 'node:fs';
import knex from 'knex';
import { TEMPLATES } from '../databases/templates.ts';

export default async function globalTeardown(): Promise<void> {
  if (process.env.TEST_FOLDER) rmSync(process.env.TEST_FOLDER, { recursive: true, force: true });
  const { TEST_DATABASE_URL: url, TEST_TEMPLATES: templates } = process.env;
  if (url && templates) {
    const admin = knex({ client: 'pg', connection: url });
    for (const template of TEMPLATES)
      await admin.raw('DROP DATABASE IF EXISTS ??', [`${templates}${template}`]);
    await admin.destroy();
  }
}
