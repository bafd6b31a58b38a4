import type { DeniedSubjectStore } from './denied-subject-store.ts';

/**
 * Who was disabled or deleted so recently that an ID token about them may still be alive. Kept in memory, so that
 * LiSTNR asks no database; `reload` is called when the list's version grew.
 */
export interface DeniedSubjects {
  has(personId: string): boolean;
  reload(): Promise<void>;
}

export async function createDeniedSubjects(store: DeniedSubjectStore): Promise<DeniedSubjects> {
  let denied = new Set(await store.list());
  return {
    has: (personId) => denied.has(personId),
    async reload() {
      denied = new Set(await store.list());
    },
  };
}
