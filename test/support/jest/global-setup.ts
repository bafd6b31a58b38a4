import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  linkSync,
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
import { dumpEmbeddedDatabase } from '../databases/embedded-template.ts';
import { prepareTemplate, TEMPLATES, type Template } from '../databases/templates.ts';

/** Makes the databases once from which every test file starts (test-database.ts): a migrated one, and with the demo. */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'listo-test-'));
  process.env.TEST_FOLDER = folder;
  if (process.env.TEST_DATABASE_URL) await makePostgresTemplates(process.env.TEST_DATABASE_URL);
  const kept = (template: Template) => join(tmpdir(), `listo-test-${template}-${fingerprint()}.tar`);
  if (!existsSync(kept('demo'))) await makeEmbeddedTemplates(kept, folder);
  for (const template of TEMPLATES) linkSync(kept(template), join(folder, `${template}.tar`));
}

/**
 * Making templates takes seconds, so they are kept until one of their sources changes. They leave out the databases
 * template0 and template1, since each test file would unpack them.
 */
async function makeEmbeddedTemplates(kept: (template: Template) => string, folder: string): Promise<void> {
  const dataDir = join(folder, 'template');
  for (const template of TEMPLATES) {
    const database = await openDatabase({ dataDir });
    await prepareTemplate(template, database);
    await database.close();
    for (const unused of ['1', '4'])
      rmSync(join(dataDir, 'postgres/base', unused), { recursive: true, force: true });
    const unfinished = join(folder, 'unfinished.tar');
    writeFileSync(unfinished, await dumpEmbeddedDatabase(join(dataDir, 'postgres')));
    renameSync(unfinished, kept(template));
  }
  rmSync(dataDir, { recursive: true });
}

function fingerprint(): string {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const hash = createHash('sha256');
  const madeOf = [
    'migrations/**/*.{ts,sql}',
    'config/seeds/demo.sql',
    'node_modules/@electric-sql/pglite/package.json',
    'test/support/databases/*template*.ts',
    'test/support/jest/global-setup.ts',
  ];
  const files = globSync(madeOf, { cwd: root });
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

async function makePostgresTemplates(url: string): Promise<void> {
  const prefix = `listo_template_${process.pid}_`;
  process.env.TEST_TEMPLATES = prefix;
  const admin = knex({ client: 'pg', connection: url });
  let before: string = 'template1';
  for (const template of TEMPLATES) {
    const name = `${prefix}${template}`;
    await admin.raw('DROP DATABASE IF EXISTS ??', [name]);
    await admin.raw('CREATE DATABASE ?? TEMPLATE ??', [name, before]);
    const database = await openDatabase({ url: databaseUrl(url, name), poolSize: 2 });
    await prepareTemplate(template, database);
    await database.close();
    before = name;
  }
  await admin.destroy();
}

function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
