import { randomUUID } from 'node:crypto';
import type { Client } from '../../../src/clients/client.ts';
import { type ClientStore, createClientStore } from '../../../src/clients/client-store.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../../src/keys/signing-key.ts';
import type { Queryable } from '../../../src/platform/database.ts';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { authorizationUrl, exchange, signIn, type Tokens } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

export const SIGNED_OUT = 'http://127.0.0.1:9999/signed-out';
/** A client of LiSTNR that accepts the ID tokens of all these clients, as everybody registers it. */
export const SERVICE = 'service';

export interface World {
  server: TestServer;
  /** A client for each algorithm, in which everything is signed for it, its access tokens, too. */
  clients: Readonly<Record<KeyAlgorithm, TestClient>>;
  /** A process does this once a second. */
  followKeys(): Promise<void>;
  signIn(alg: KeyAlgorithm): Promise<{ browser: Browser; tokens: Required<Tokens> }>;
  /** An answer of the authorization endpoint that the protocol library signs (JARM). */
  signedAnswer(alg: KeyAlgorithm, browser: Browser): Promise<string>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const store = clientsOfOneAlgorithm();
  const server = await startTestServer({ overrides: { clients: store } });
  store.connect(server.database.knex);
  const registered = await Promise.all(
    KEY_ALGORITHMS.map(async (alg) => {
      const client = await aClient(server, {
        id: `client-${alg.toLowerCase()}`,
        post_logout_redirect_uris: [SIGNED_OUT],
        id_token_signed_response_alg: alg,
        introspection_signed_response_alg: alg,
      });
      return [alg, client] as const;
    }),
  );
  const audiences = registered.map(([, { client_id }]) => client_id).join();
  await server.seed(`
    INSERT INTO listnr_clients (id, pattern) VALUES ('${SERVICE}', 'authenticated_user');
    INSERT INTO listnr_accepted_issuers (client_id, issuer, audiences) VALUES ('${SERVICE}', 'self', '{${audiences}}');`);
  const followKeys = () => runJob(server, 'watch-versions');
  // The first run sees the registrations and makes the keys; the next one loads them.
  await followKeys();
  await followKeys();
  const clients = Object.fromEntries(registered) as Record<KeyAlgorithm, TestClient>;
  return {
    server,
    clients,
    followKeys,
    async signIn(alg) {
      const { client_id, client_secret, redirect_uri } = clients[alg];
      const browser = openBrowser();
      const parameters = { client_id, redirect_uri, nonce: randomUUID() };
      const { callback } = await signIn(server.url, { browser, parameters });
      const { body } = await exchange(server.url, String(callback.get('code')), {
        ...{ client_id, client_secret, redirect_uri },
      });
      return { browser, tokens: body as unknown as Required<Tokens> };
    },
    async signedAnswer(alg, browser) {
      const { client_id, redirect_uri } = clients[alg];
      const parameters = { client_id, redirect_uri, prompt: 'none', response_mode: 'query.jwt' };
      const { location = '' } = await browser.get(authorizationUrl(server.url, parameters));
      return String(new URL(location).searchParams.get('response'));
    },
    close: () => server.close(),
  };
}

/** The registered clients, whose access tokens are signed as their ID tokens are. */
function clientsOfOneAlgorithm(): ClientStore & { connect(db: Queryable): void } {
  let real: ClientStore | undefined;
  const withOneAlgorithm = (client: Client | undefined) =>
    client && { ...client, accessTokenSigningAlg: client.idTokenSignedResponseAlg };
  return {
    connect(db) {
      real = createClientStore(db);
    },
    find: async (id) => withOneAlgorithm(await real?.find(id)),
    signingAlgorithms: async () => (await real?.signingAlgorithms()) ?? [],
  };
}
