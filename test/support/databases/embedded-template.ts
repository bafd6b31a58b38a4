import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { Template } from './templates.ts';

/** A data directory as an archive. Other embedded databases start from it without migrating. */
export async function dumpEmbeddedDatabase(dataDir: string): Promise<Buffer> {
  const db = await PGlite.create(dataDir);
  // The database of a test is small, and PGlite fills its 128 MB of buffers with zeros at each start.
  await db.exec("ALTER SYSTEM SET shared_buffers = '16MB'");
  const archive = await db.dumpDataDir('none');
  await db.close();
  return Buffer.from(await archive.arrayBuffer());
}

/** From which a new embedded database starts; migrating takes seconds. */
export function embeddedTemplate(template: Template = 'empty'): Blob {
  return new Blob([readFileSync(join(process.env.TEST_FOLDER ?? '', `${template}.tar`))]);
}
