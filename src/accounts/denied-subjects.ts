import { type Followed, keepCopy } from '../platform/kept-copy.ts';
import type { DeniedSubjectStore } from './denied-subject-store.ts';

/**
 * Who was disabled or deleted so recently that an ID token about them may still be alive. Kept in memory, so that
 * LiSTNR asks no database.
 */
export interface DeniedSubjects extends Followed {
  has(personId: string): boolean;
}

export async function createDeniedSubjects(store: DeniedSubjectStore): Promise<DeniedSubjects> {
  const copy = await keepCopy(store.readAll);
  return {
    get confirmedAt() {
      return copy.confirmedAt;
    },
    has: (personId) => copy.content.has(personId),
    follow: copy.follow,
    reload: copy.reload,
  };
}
