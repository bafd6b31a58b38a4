import type { Queryable } from '../database.ts';
import type { Job } from '../jobs.ts';
import { withinShare } from '../postgres/share.ts';
import { ReadOnlyNode } from '../postgres/sqlstates.ts';

/**
 * The data that processes copy into memory. The table `versions` says when a copy is out of date: the triggers
 * `bump_version` and `deny_subject` raise a version in the transaction that changes the data.
 */
export type VersionName = 'registration' | 'keys' | 'people';

/** One version, as a look at the table found it. */
export interface Look {
  version: string;
  /** When the look began, in milliseconds of `performance.now()`. */
  began: number;
  /** True when the previous look failed. */
  afterFailure: boolean;
}

/**
 * Called after each look. A watcher that fails is called again after the next look; the other watchers are called all
 * the same.
 */
export type Watcher = (look: Look) => Promise<void>;

/**
 * Checks once a second, in one small query, whether data kept in memory has changed, and calls the watchers. (A
 * transaction-mode pooler does not carry LISTEN/NOTIFY.) While the database is away, that data stays in use.
 */
export function watchVersions(
  db: Queryable,
  watchers: Readonly<Record<VersionName, readonly Watcher[]>>,
): Job {
  // A newer release may have added versions that this one does not know.
  const known: Readonly<Partial<Record<string, readonly Watcher[]>>> = watchers;
  let afterFailure = false;
  return {
    name: 'watch-versions',
    everyMs: 1000,
    async run() {
      const began = performance.now();
      const versions = await readVersions(db).catch((error) => {
        afterFailure = true;
        throw error;
      });
      const told = versions.flatMap(({ name, version }) =>
        (known[name] ?? []).map((watcher) => watcher({ version, began, afterFailure })),
      );
      afterFailure = false;
      const failed = (await Promise.allSettled(told)).find(({ status }) => status === 'rejected');
      if (failed) throw (failed as PromiseRejectedResult).reason;
    },
  };
}

/**
 * A watcher that acts on a change, and at the first look, because its data was read before. It counts a change as
 * seen once the action has succeeded.
 */
export function onChange(act: () => unknown): Watcher {
  let seen: string | undefined;
  return async ({ version, afterFailure }) => {
    if (afterFailure) seen = undefined;
    if (seen === version) return;
    await act();
    seen = version;
  };
}

/** A standby may be behind, as may a demoted primary: neither confirms anything. */
export const ON_PRIMARY = 'NOT (SELECT pg_is_in_recovery())';

/**
 * This query has the time limits of a request, so that a node that went silent is left as soon as requests leave it.
 */
async function readVersions(db: Queryable): Promise<{ name: string; version: string }[]> {
  const rows = await withinShare('versions', () =>
    db('versions').select('name', 'version').whereRaw(ON_PRIMARY),
  );
  if (rows.length === 0) throw behind();
  return rows;
}

/** The error for a statement that reads `versions` on the primary and found no row. */
export function behind(): ReadOnlyNode {
  return new ReadOnlyNode('The database is a standby just now, and what it says may be out of date.');
}
