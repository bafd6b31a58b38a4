import type { Queryable } from './database.ts';
import type { Job } from './jobs.ts';

/** What processes keep copies of in memory; the table `versions` says when a copy is out of date. */
export type VersionName = 'registration' | 'keys' | 'people';

type Listener = () => Promise<void> | void;

/**
 * Looks once a second, in one small query, whether anything kept in memory has changed, and tells who keeps it.
 * This takes the place of LISTEN/NOTIFY, which a transaction-mode pooler does not carry. While the database is
 * away, what is in memory stays in use.
 */
export function watchVersions(db: Queryable, listeners: Readonly<Record<VersionName, Listener>>): Job {
  const seen = new Map<string, string>();
  return {
    name: 'watch-versions',
    everyMs: 1000,
    async run() {
      const rows: { name: VersionName; version: string }[] = await db('versions').select('name', 'version');
      for (const { name, version } of rows) {
        if (seen.get(name) === version) continue;
        // Remembered only afterwards: a listener that fails is called again at the next look. The first look calls
        // them all, because what they hold was read before it.
        await listeners[name]();
        seen.set(name, version);
      }
    },
  };
}
