import { hostname, userInfo } from 'node:os';
import type { Queryable } from '../platform/database.ts';
import { countOf, netChanges } from '../platform/seeds/run/net-changes.ts';
import { changesOf, type SeedFileRun, type SeedRun } from '../platform/seeds/run/seed-run.ts';
import { actsBy, recordAudit } from './record.ts';

/** Tells the trail of each file that changed something, or is applied for the first time. */
export async function recordSeedsApplied(trx: Queryable, { files, ...times }: SeedRun): Promise<void> {
  for (const file of files) {
    const changes = netChanges(changesOf({ files: [file], ...times }));
    if (changes.length === 0 && (await isKnown(trx, file))) continue;
    await actsBy(trx, `seed ${file.name}`);
    await recordAudit(trx, {
      event: 'seeds.applied',
      detail: {
        ...{ file: file.name, sha256: file.sha256, user: userName(), host: hostname() },
        inserted: countOf(changes, 'insert'),
        updated: countOf(changes, 'update'),
        deleted: countOf(changes, 'delete'),
      },
    });
  }
}

/** The index on the event finds it. */
async function isKnown(trx: Queryable, { name, sha256 }: SeedFileRun): Promise<boolean> {
  const { rows } = await trx.raw(
    `SELECT 1 FROM audit_events WHERE event = 'seeds.applied' AND detail @> ?::jsonb LIMIT 1`,
    [JSON.stringify({ file: name, sha256 })],
  );
  return rows.length > 0;
}

/** A container may run as a user without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}
