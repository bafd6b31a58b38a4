import type { DeniedSubjects } from '../accounts/denied-subjects.ts';
import type { ListnrClients } from '../clients/listnr-clients.ts';
import type { KeyRing } from '../keys/key-ring.ts';

/** How much a process knows without the database, for those who watch it. */
export interface ListnrKnowledge {
  readonly clients: number;
  /** Since the database last confirmed all of it; about a second at the most, while there is one. */
  ageSeconds(): number;
}

export function createListnrKnowledge({
  clients,
  denied,
  keyRings,
}: {
  clients: ListnrClients;
  denied: DeniedSubjects;
  keyRings: { oidc: KeyRing; listnr: KeyRing };
}): ListnrKnowledge {
  const parts = [clients, denied, keyRings.oidc, keyRings.listnr];
  return {
    get clients() {
      return clients.count;
    },
    ageSeconds: () => (performance.now() - Math.min(...parts.map(({ confirmedAt }) => confirmedAt))) / 1000,
  };
}
