import type { Queryable } from './database.ts';
import type { Job } from './jobs.ts';
import { withinShare } from './postgres/share.ts';
import { ReadOnlyNode } from './postgres/sqlstates.ts';

/** What processes keep copies of in memory; the table `versions` says when a copy is out of date. */
export type VersionName = 'registration' | 'keys' | 'people';

/** What a look at the versions found of one of them. */
export interface Look {
  version: string;
  /** In milliseconds of `performance.now()`. */
  began: number;
  /** The look before it failed. */
  afterFailure: boolean;
}

/** Told of every look. One that fails is told again at the next, and keeps no other from being told. */
export type Watcher = (look: Look) => Promise<void>;

/**
 * Looks once a second, in one small query, whether anything kept in memory has changed, and tells who keeps it.
 * This takes the place of LISTEN/NOTIFY, which a transaction-mode pooler does not carry. While the database is
 * away, what is in memory stays in use.
 */
export function watchVersions(
  db: Queryable,
  watchers: Readonly<Record<VersionName, readonly Watcher[]>>,
): Job {
  // A newer release may have added versions that this one keeps nothing of.
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
 * A watcher that acts when the version has changed, and at the first look, because what it is about was read before
 * that. A change counts as seen when acting on it succeeded.
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

/** A standby may be behind, as a primary is after it was demoted: what it says confirms nothing. */
export const ON_PRIMARY = 'NOT (SELECT pg_is_in_recovery())';

/** With the time of a request, so that a node which went silent is left as soon as by those. */
async function readVersions(db: Queryable): Promise<{ name: string; version: string }[]> {
  const rows = await withinShare('versions', () =>
    db('versions').select('name', 'version').whereRaw(ON_PRIMARY),
  );
  if (rows.length === 0) throw behind();
  return rows;
}

/** Of a statement that reads `versions` on the primary and found no row. */
export function behind(): ReadOnlyNode {
  return new ReadOnlyNode('The database is a standby just now, and what it says may be out of date.');
}
