import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import knex from 'knex';
import { openDatabase } from '../../../src/platform/database.ts';
import { migrate } from '../../../src/platform/migrate.ts';
import { dumpEmbeddedDatabase } from '../databases/embedded-template.ts';

/** Migrates one database once. Every test file starts from a copy of it (test-database.ts). */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'listo-test-'));
  process.env.TEST_FOLDER = folder;
  const url = process.env.TEST_DATABASE_URL;
  if (url) {
    await makePostgresTemplate(url);
    return;
  }
  const kept = join(tmpdir(), `listo-test-template-${fingerprint()}.tar`);
  if (!existsSync(kept)) await makeEmbeddedTemplate(kept, folder);
  copyFileSync(kept, join(folder, 'template.tar'));
}

/** Making a template takes seconds, so it is kept until one of its sources changes. */
async function makeEmbeddedTemplate(file: string, folder: string): Promise<void> {
  const dataDir = join(folder, 'template');
  const database = await openDatabase({ dataDir });
  await migrate(database);
  await database.close();
  const unfinished = join(folder, 'unfinished.tar');
  writeFileSync(unfinished, await dumpEmbeddedDatabase(join(dataDir, 'postgres')));
  renameSync(unfinished, file);
  rmSync(dataDir, { recursive: true });
}

function fingerprint(): string {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const hash = createHash('sha256');
  const madeOf = [
    'migrations/**/*.{ts,sql}',
    'node_modules/@electric-sql/pglite/package.json',
    'test/support/databases/embedded-template.ts',
  ];
  const files = globSync(madeOf, { cwd: root });
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

async function makePostgresTemplate(url: string): Promise<void> {
  const name = `listo_template_${process.pid}`;
  const admin = knex({ client: 'pg', connection: url });
  await admin.raw('DROP DATABASE IF EXISTS ??', [name]);
  await admin.raw('CREATE DATABASE ??', [name]);
  await admin.destroy();
  const template = await openDatabase({ url: databaseUrl(url, name), poolSize: 2 });
  await migrate(template);
  await template.close();
  process.env.TEST_TEMPLATE = name;
}

function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
