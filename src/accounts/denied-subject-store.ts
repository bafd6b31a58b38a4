import type { Queryable } from '../platform/database.ts';

export interface DeniedSubjectStore {
  list(): Promise<string[]>;
}

/** The table is written by triggers on `people`, so that it does not matter what disables or deletes somebody. */
export function createDeniedSubjectStore(db: Queryable): DeniedSubjectStore {
  return { list: () => db('denied_subjects').pluck('person_id') };
}
