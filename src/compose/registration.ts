import { withAccountClients } from '../clients/account-client.ts';
import {
  type CertificateReader,
  createCertificateReader,
} from '../clients/certificates/certificate-header.ts';
import {
  type CertificateIssuers,
  createCertificateIssuers,
} from '../clients/certificates/certificate-issuers.ts';
import type { ClientStore } from '../clients/client-store.ts';
import { type ClientKeys, createClientKeys } from '../clients/keys/client-keys.ts';
import { createPublishedKeys } from '../clients/keys/published-keys.ts';
import { cacheRegistration, type RegistrationCache } from '../clients/registration-cache.ts';
import { createClientSecretStore } from '../clients/secrets/client-secret-store.ts';
import { type ClientSecrets, createClientSecrets } from '../clients/secrets/client-secrets.ts';
import type { Config } from '../config.ts';
import { createInstanceStore, type InstanceStore } from '../instances/instance-store.ts';
import { isDatabaseUnavailable } from '../platform/database-errors.ts';
import type { Logger } from '../platform/log/logger.ts';
import { outageLogOf } from '../platform/log/outage-log.ts';
import type { Foundation } from './foundation.ts';

/** The registrations for Sign in with Listo, kept in memory: clients with their secrets, and instances. */
export interface Registration {
  registration: RegistrationCache;
  clients: ClientStore;
  /** Asks the database, whatever is in memory. */
  lookUpClient: ClientStore['find'];
  clientSecrets: ClientSecrets;
  clientKeys: ClientKeys;
  certificateIssuers: CertificateIssuers;
  readCertificate: CertificateReader;
  instances: InstanceStore;
}

export function composeRegistration(
  {
    logger,
    database,
    rowClock,
    box,
    hashes,
    outboundFetch,
  }: Pick<Foundation, 'logger' | 'database' | 'rowClock' | 'box' | 'hashes' | 'outboundFetch'>,
  {
    clientStore,
    clientCertificates,
    issuer,
  }: { clientStore: ClientStore } & Pick<Config, 'clientCertificates' | 'issuer'>,
): Registration {
  const instances = createInstanceStore(database.knex, box);
  const registration = cacheRegistration({
    clients: withAccountClients(clientStore, { instances, issuer }),
    clientSecrets: createClientSecretStore(database.knex, 'client_secrets'),
    instances,
  });
  return {
    registration,
    clients: registration.clients,
    lookUpClient: (id) => clientStore.find(id),
    clientSecrets: createClientSecrets({
      store: registration.clientSecrets,
      clock: rowClock,
      hashes,
      onError: reportUnnotedUse(logger),
    }),
    clientKeys: createClientKeys(createPublishedKeys({ fetch: outboundFetch })),
    certificateIssuers: createCertificateIssuers(clientCertificates.issuers),
    readCertificate: createCertificateReader(clientCertificates.header),
    instances: registration.instances,
  };
}

/** Nobody waits for a note about a secret's use, so its failure only goes to the log. */
export function reportUnnotedUse(logger: Logger): (error: unknown) => void {
  return (error) =>
    isDatabaseUnavailable(error)
      ? outageLogOf(logger).report(error)
      : logger.warn({ err: error }, 'the use of a client secret could not be noted');
}
