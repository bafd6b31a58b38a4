import { type Followed, keepCopy } from '../platform/copies/kept-copy.ts';
import type { DeniedSubjectStore } from './denied-subject-store.ts';

/**
 * People who were disabled or deleted so recently that an ID token about them may still be valid. They are kept in
 * memory, so that LiSTNR queries no database.
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
