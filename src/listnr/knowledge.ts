import type { DeniedSubjects } from '../accounts/denied-subjects.ts';
import type { ListnrClients } from '../clients/listnr/listnr-clients.ts';
import type { KeyRing } from '../keys/key-ring.ts';

/** How much a process knows, and since when, to issue LiSTNR tokens without the database: for metrics and readiness. */
export interface ListnrKnowledge {
  readonly clients: number;
  /** Seconds since the database last confirmed all of it: about one at most, while there is a database. */
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
