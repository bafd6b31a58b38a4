import { PGlite } from '@electric-sql/pglite';

/** A data directory as an archive. Other embedded databases start from it without migrating. */
export async function dumpEmbeddedDatabase(dataDir: string): Promise<Buffer> {
  const db = await PGlite.create(dataDir);
  // The database of a test is small, and PGlite fills its 128 MB of buffers with zeros at each start.
  await db.exec("ALTER SYSTEM SET shared_buffers = '16MB'");
  const archive = await db.dumpDataDir('none');
  await db.close();
  return Buffer.from(await archive.arrayBuffer());
}
