import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex from 'knex';
import { openDatabase } from '../../src/platform/database.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { dumpEmbeddedDatabase } from './embedded-template.ts';

/** Migrates one database once; every test file starts from a copy of it (test-database.ts). */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'listo-test-'));
  process.env.TEST_FOLDER = folder;
  const url = process.env.TEST_DATABASE_URL;
  if (url) {
    await makePostgresTemplate(url);
    return;
  }
  const dataDir = join(folder, 'template');
  const database = await openDatabase({ dataDir });
  await migrate(database.knex);
  await database.close();
  writeFileSync(join(folder, 'template.tar'), await dumpEmbeddedDatabase(join(dataDir, 'postgres')));
  rmSync(dataDir, { recursive: true });
}

async function makePostgresTemplate(url: string): Promise<void> {
  const name = `listo_template_${process.pid}`;
  const admin = knex({ client: 'pg', connection: url });
  await admin.raw('DROP DATABASE IF EXISTS ??', [name]);
  await admin.raw('CREATE DATABASE ??', [name]);
  await admin.destroy();
  const template = await openDatabase({ url: databaseUrl(url, name), poolSize: 2 });
  await migrate(template.knex);
  await template.close();
  process.env.TEST_TEMPLATE = name;
}

function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
