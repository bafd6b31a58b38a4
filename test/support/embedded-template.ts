import { PGlite } from '@electric-sql/pglite';

/** A data directory as an archive. Other embedded databases start from it without migrating. */
export async function dumpEmbeddedDatabase(dataDir: string): Promise<Buffer> {
  const db = await PGlite.create(dataDir);
  const archive = await db.dumpDataDir('none');
  await db.close();
  return Buffer.from(await archive.arrayBuffer());
}
