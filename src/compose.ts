import { createClientStore } from './clients/client-store.ts';
import { type AccountParts, composeAccount } from './compose/account.ts';
import { composeDeliveries, type DeliveryParts } from './compose/deliveries.ts';
import { type DemoRoutes, demoOffers, loadDemoRoutes } from './compose/demo.ts';
import { composeEndpoints, type EndpointParts } from './compose/endpoints.ts';
import { composeFoundation, type Foundation, type FoundationOverrides } from './compose/foundation.ts';
import { composeInteractions, type InteractionParts } from './compose/interactions.ts';
import { composeListnr, type ListnrParts } from './compose/listnr.ts';
import { composeMail, type MailParts } from './compose/mail.ts';
import { composeOidc, composeStores, type OidcParts, policyFinder } from './compose/oidc.ts';
import { composePages, libraryPages, type PageParts } from './compose/pages.ts';
import { composePasswords, type PasswordParts } from './compose/passwords.ts';
import { composeRefusals, type RefusalParts } from './compose/refusals.ts';
import { composeRegistration, type Registration } from './compose/registration.ts';
import { composeSigning, type Signing } from './compose/signing.ts';
import type { Config } from './config.ts';
import { type Offers, WEB } from './demo/flows.ts';
import type { Database } from './platform/database.ts';
import type { Logger } from './platform/log/logger.ts';

/** Everything that is built once. Each part gets only the others that it uses. */
export interface Services
  extends Foundation,
    Registration,
    Signing,
    ListnrParts,
    PageParts,
    InteractionParts,
    PasswordParts,
    OidcParts,
    EndpointParts,
    AccountParts,
    MailParts,
    DeliveryParts,
    RefusalParts {
  config: Config;
  /** Whether /demo is on. */
  demo: boolean;
  demoOffers: Offers;
  /** Its routes, if it is on. */
  demoRoutes: DemoRoutes | undefined;
}

/** Parts with which a test, or an embedding program, replaces ours. */
export type Overrides = FoundationOverrides &
  Partial<Pick<Services, 'artifacts' | 'clients' | 'externalKeys'>>;

/** The only wiring: builds every part on an open, migrated database. */
export async function compose({
  config,
  logger,
  database,
  overrides = {},
}: {
  config: Config;
  logger: Logger;
  database: Database;
  overrides?: Overrides;
}): Promise<Services> {
  const { issuer, https, secrets, keyRotation, rsaBits } = config;
  const foundation = await composeFoundation({ ...config, logger, database, overrides });
  const clientStore = overrides.clients ?? createClientStore(database.knex);
  const registration = composeRegistration(foundation, { ...config, clientStore });
  const { clients, instances } = registration;
  const mail = composeMail({ ...foundation, instances }, config);
  const signing = await composeSigning(foundation, { keyRotation, rsaBits, clientStore });
  const interactions = composeInteractions({ ...foundation, notices: mail.notices }, config);
  const { keyRings, pastKeys } = signing;
  const listnr = await composeListnr({ ...foundation, keyRings }, overrides);
  const pages = composePages(config, registration);
  const stores = composeStores(foundation, config, overrides);
  const oidc = composeOidc(stores, {
    issuer,
    https,
    secrets,
    clientCertificates: config.clientCertificates,
    clock: foundation.clock,
    clients,
    people: interactions.people,
    consents: interactions.consents,
    sessionSeconds: async (id) => (await instances.find(id))?.sessionAbsoluteTtlSeconds,
    factorRules: {
      policyFor: policyFinder(instances),
      factors: interactions.factors,
      clock: foundation.clock,
    },
    keyRing: keyRings.oidc,
    pastKeys,
    ...libraryPages({ ...pages, instances, production: config.production }),
  });
  const refusals = composeRefusals(foundation);
  const parts = { ...foundation, ...registration, ...signing, ...listnr, ...oidc, ...mail, ...refusals };
  const offers = demoOffers(clients, issuer);
  const demo = config.demo && (await offers()).includes(WEB);
  return {
    config,
    demo,
    demoOffers: offers,
    demoRoutes: demo ? await loadDemoRoutes() : undefined,
    ...parts,
    ...pages,
    ...interactions,
    ...composePasswords(foundation, config.passwords),
    ...composeAccount(parts),
    ...composeEndpoints(parts, config),
    ...composeDeliveries(parts, config),
  };
}
