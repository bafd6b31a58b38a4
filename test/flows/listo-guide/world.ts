import { type ClientStore, createClientStore } from '../../../src/clients/client-store.ts';
import { type ArtifactStore, createArtifactStore } from '../../../src/grants/artifact-store.ts';
import { digestSecret, hashPassword } from '../../../src/platform/secrets/digest.ts';
import type { Browser, Page } from '../../support/browsers/browser.ts';
import {
  type Answer,
  authorizationUrl,
  getJson,
  postJson,
  signIn,
} from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

/** Each part of the guide is a file, which tests every example and every table row of it. */
export const GUIDE = 'the Listo guide, "OAuth 2.0 & OpenID Connect Integration Guide"';

/** The client of the guide's examples; others differ in some columns. */
export const CLIENT = {
  client_id: 'client_abc123',
  client_secret: 'YOUR_CLIENT_SECRET',
  redirect_uri: 'https://yourapp.com/callback',
};
/** The same application, registered to require PKCE and consent. */
export const STRICT_CLIENT = { ...CLIENT, client_id: 'client_strict' };
/** Clients without the refresh grant, without the code grant, and with their own lifetimes. */
export const NO_REFRESH_CLIENT = { ...CLIENT, client_id: 'client_no_refresh' };
export const NO_CODE_CLIENT = { ...CLIENT, client_id: 'client_no_code' };
export const SHORT_CLIENT = { ...CLIENT, client_id: 'client_short_lived' };
export const PUBLIC_CLIENT = { client_id: 'client_public', redirect_uri: 'https://yourapp.com/spa' };

/** "PKCE", step 1. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

/** The person of the guide's examples. */
export const JOHN = { id: 'user-unique-id', email: 'john.doe@yourapp.com', password: 'YOUR_PASSWORD' };

export type Parameters = Record<string, string | undefined>;

/** One server for the whole guide, and one browser that is signed in there. */
export interface World {
  readonly server: TestServer;
  readonly issuer: string;
  readonly browser: Browser;
  /** Sends an authorization request from the signed-in browser. */
  authorize(parameters?: Parameters): Promise<Page>;
  /** The members of the answer that the client gets by redirect. */
  callback(parameters?: Parameters): Promise<Record<string, string>>;
  code(parameters?: Parameters): Promise<string>;
  /** The guide's token request with some members changed; null removes one. */
  token(body: Record<string, string | null>): Promise<Answer>;
  exchange(code: string, changes?: Record<string, string | null>): Promise<Answer>;
  /** The tokens from a new code. */
  tokens(parameters?: Parameters): Promise<Record<string, string>>;
  userinfo(accessToken: string): Promise<Answer>;
  /** Makes every read of clients and artifacts fail, or of one of them. */
  breakStores(broken: boolean, which?: readonly (keyof Stores)[]): void;
  /** Makes clients be read from the database again, as after a change. */
  forgetRegistration(): void;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const stores = breakableStores();
  const server = await startTestServer({ overrides: stores.overrides });
  const { knex } = server.database;
  stores.connect({ artifacts: createArtifactStore(knex), clients: createClientStore(knex) });
  await register(server);
  const { browser } = await signIn(server.url, { parameters: request(), person: JOHN });
  return { ...worldOf(server, browser), breakStores: stores.break, close: () => server.close() };
}

function worldOf(server: TestServer, browser: Browser): Omit<World, 'breakStores' | 'close'> {
  const issuer = server.url;
  const world: Omit<World, 'breakStores' | 'close'> = {
    server,
    forgetRegistration: () => server.services.registration.clear(),
    issuer,
    browser,
    authorize: (parameters = {}) => browser.get(authorizationUrl(issuer, request(parameters))),
    async callback(parameters) {
      const page = await world.authorize(parameters);
      const address = new URL(page.location ?? 'https://yourapp.com/callback?no=redirect');
      return Object.fromEntries(address.searchParams);
    },
    async code(parameters) {
      const { code } = await world.callback(parameters);
      if (!code) throw new Error('The request was not answered with a code.');
      return code;
    },
    token: (body) => postJson(`${issuer}/auth/token`, body),
    exchange: (code, changes = {}) =>
      world.token({ grant_type: 'authorization_code', code, ...CLIENT, ...changes }),
    async tokens(parameters = {}) {
      const { client_id = CLIENT.client_id } = parameters;
      return (await world.exchange(await world.code(parameters), { client_id })).body as Record<
        string,
        string
      >;
    },
    userinfo: (accessToken) => getJson(`${issuer}/auth/userinfo`, { authorization: `Bearer ${accessToken}` }),
  };
  return world;
}

/** "Step 1", the example request, without its PKCE. */
function request(parameters: Parameters = {}): Parameters {
  const { client_id, redirect_uri } = CLIENT;
  return { client_id, redirect_uri, state: 'random_state_string', ...parameters };
}

interface Stores {
  artifacts: ArtifactStore;
  clients: ClientStore;
}

/** Stores that can be made to fail. They connect to real ones when the server's database is there. */
function breakableStores() {
  // At its start, the server asks which signing keys are needed, and for the client of the demo.
  let real: Partial<Stores> | { clients: Pick<ClientStore, 'signingAlgorithms' | 'find'> } = {
    clients: { signingAlgorithms: async () => [], find: async () => undefined },
  };
  let broken: readonly (keyof Stores)[] = [];
  const breakable = <Store extends object>(name: keyof Stores): Store =>
    new Proxy({} as Store, {
      get(_target, method) {
        if (broken.includes(name)) throw new Error(`the relation "${name}" is on fire`);
        return Reflect.get((real as Partial<Stores>)[name] ?? {}, method);
      },
    });
  return {
    overrides: {
      artifacts: breakable<ArtifactStore>('artifacts'),
      clients: breakable<ClientStore>('clients'),
    },
    connect(stores: Stores) {
      real = stores;
    },
    break(wanted: boolean, which: readonly (keyof Stores)[] = ['artifacts', 'clients']) {
      broken = wanted ? which : [];
    },
  };
}

async function register({ database: { knex } }: TestServer): Promise<void> {
  await knex('instances').insert([
    { id: 'yourapp', name: 'Your Application' },
    { id: 'elsewhere', name: 'Somebody else' },
  ]);
  const password_hash = await hashPassword(JOHN.password);
  const john = {
    instance_id: 'yourapp',
    id: JOHN.id,
    email: JOHN.email,
    email_verified: true,
    password_hash,
  };
  const names = { name: 'John Doe', first_name: 'John', last_name: 'Doe' };
  await knex('people').insert({ ...john, ...names, worker_profile_id: 'worker-123' });
  await knex('user_records').insert({ person_id: JOHN.id, id: 'user-789', client_id: 'client-xyz' });
  const stranger = { id: 'stranger', email: 'stranger@elsewhere.example', password_hash };
  await knex('people').insert({ ...stranger, instance_id: 'elsewhere' });

  await registerClient(knex, CLIENT, {
    redirect_uris: ['https://yourapp.com/callback', 'https://staging.yourapp.com/callback'],
  });
  await registerClient(knex, STRICT_CLIENT, { require_pkce: true, require_consent: true });
  await registerClient(knex, NO_REFRESH_CLIENT, { grant_types: ['authorization_code'], scopes: ['openid'] });
  await registerClient(knex, NO_CODE_CLIENT, { grant_types: ['refresh_token'] });
  await registerClient(knex, SHORT_CLIENT, {
    authorization_code_ttl_seconds: 30,
    access_token_ttl_seconds: 120,
    id_token_ttl_seconds: 240,
    refresh_token_ttl_seconds: 600,
  });
  await registerClient(knex, PUBLIC_CLIENT, { type: 'public', require_pkce: true });
}

async function registerClient(
  knex: TestServer['database']['knex'],
  client: { client_id: string; client_secret?: string; redirect_uri: string },
  columns: Record<string, unknown>,
): Promise<void> {
  await knex.transaction(async (trx) => {
    await trx('clients').insert({
      id: client.client_id,
      instance_id: 'yourapp',
      name: 'Your app',
      type: 'confidential',
      redirect_uris: [client.redirect_uri],
      scopes: ['openid', 'profile', 'email'],
      require_pkce: false,
      ...columns,
    });
    if (!client.client_secret) return;
    await trx('client_secrets').insert({
      client_id: client.client_id,
      digest: digestSecret(client.client_secret),
    });
  });
}
