import type { Reading } from '../platform/copies/kept-copy.ts';
import { behind, ON_PRIMARY } from '../platform/copies/versions.ts';
import type { Queryable } from '../platform/database.ts';

export interface DeniedSubjectStore {
  readAll(): Promise<Reading<ReadonlySet<string>>>;
}

/** The trigger `deny_subject` on `people` writes the table, so every tool that disables or deletes a person is covered. */
export function createDeniedSubjectStore(db: Queryable): DeniedSubjectStore {
  return {
    async readAll() {
      // When nobody is denied, there is one row with only the version.
      const { rows } = await db.raw<{ rows: { version: string; person_id: string | null }[] }>(
        `SELECT v.version, d.person_id FROM versions v LEFT JOIN denied_subjects d ON true
         WHERE v.name = 'people' AND ${ON_PRIMARY}`,
      );
      const [first] = rows;
      if (!first) throw behind();
      return {
        version: first.version,
        content: new Set(rows.flatMap(({ person_id }) => (person_id === null ? [] : [person_id]))),
      };
    },
  };
}
