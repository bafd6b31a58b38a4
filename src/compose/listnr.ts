import { createDeniedSubjectStore } from '../accounts/denied-subject-store.ts';
import { createDeniedSubjects, type DeniedSubjects } from '../accounts/denied-subjects.ts';
import { createListnrClientStore } from '../clients/listnr/listnr-client-store.ts';
import { createListnrClients, type ListnrClients } from '../clients/listnr/listnr-clients.ts';
import { createClientSecretStore } from '../clients/secrets/client-secret-store.ts';
import { type ClientSecrets, createClientSecrets } from '../clients/secrets/client-secrets.ts';
import { createListnrKnowledge, type ListnrKnowledge } from '../listnr/knowledge.ts';
import { createExternalKeys, type ExternalKeys } from '../tokens/id-tokens/external-keys.ts';
import type { Foundation } from './foundation.ts';
import { reportUnnotedUse } from './registration.ts';
import type { Signing } from './signing.ts';

/** The parts that only the LiSTNR Token Provider uses. */
export interface ListnrParts {
  listnrClients: ListnrClients;
  listnrClientSecrets: ClientSecrets;
  denied: DeniedSubjects;
  listnrKnowledge: ListnrKnowledge;
  externalKeys: ExternalKeys;
}

/** Reads everything that LiSTNR needs while the database is away, before the server answers requests. */
export async function composeListnr(
  {
    logger,
    database,
    rowClock,
    metrics,
    outboundFetch,
    hashes,
    keyRings,
  }: Pick<Foundation, 'logger' | 'database' | 'rowClock' | 'metrics' | 'outboundFetch' | 'hashes'> &
    Pick<Signing, 'keyRings'>,
  overrides: Partial<Pick<ListnrParts, 'externalKeys'>>,
): Promise<ListnrParts> {
  const db = database.background;
  const listnrClients = await createListnrClients(createListnrClientStore(db));
  const denied = await createDeniedSubjects(createDeniedSubjectStore(db));
  const listnrKnowledge = createListnrKnowledge({ clients: listnrClients, denied, keyRings });
  metrics.observeKnowledge(listnrKnowledge);
  const { touch } = createClientSecretStore(db, 'listnr_client_secrets');
  return {
    listnrClients,
    listnrClientSecrets: createClientSecrets({
      store: { list: listnrClients.secretsOf, slowDigests: listnrClients.slowDigests, touch },
      clock: rowClock,
      hashes,
      onError: reportUnnotedUse(logger),
    }),
    denied,
    listnrKnowledge,
    externalKeys: overrides.externalKeys ?? createExternalKeys({ fetch: outboundFetch }),
  };
}
