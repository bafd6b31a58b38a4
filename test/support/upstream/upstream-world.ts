import { type Browser, openBrowser, type Page } from '../browsers/browser.ts';
import { authorizationUrl, exchange, userinfo } from '../clients/relying-party.ts';
import { aClient, type TestClient } from '../registrations/factories.ts';
import { startTestServer, type TestServer, unique } from '../servers/test-server.ts';
import { startUpstreamIdp, UPSTREAM_SECRET, type UpstreamIdp, type UpstreamPerson } from './upstream-idp.ts';

/** A server, and a customer's own provider for some of its instances. */
export interface UpstreamWorld {
  server: TestServer;
  idp: UpstreamIdp;
  /** Makes an instance with an upstream provider, and its application. */
  aTenant(id: string, registration?: UpstreamRegistration): Promise<TestClient>;
  authorize(browser: Browser, client: TestClient, parameters?: Record<string, string>): Promise<Page>;
  /** Signs in, and returns the final page or the redirect to the client. */
  signIn(
    client: TestClient,
    person: UpstreamPerson | undefined,
    how?: { browser?: Browser; parameters?: Record<string, string> },
  ): Promise<Page>;
  /** Signs in upstream, and returns the address of the answer without visiting it. */
  callbackOf(client: TestClient, person: UpstreamPerson, browser: Browser): Promise<URL>;
  /** The claims that the client gets at userinfo after a redirect. */
  claimsAfter(page: Page, client: TestClient): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export interface UpstreamRegistration {
  secret?: string | null;
  first_sign_in?: 'create' | 'refuse';
  issuer?: string;
  client_id?: string;
  claim_mapping?: object;
  pass_amr?: boolean;
}

/** The redirect URI of the client. */
export const CLIENT = 'http://127.0.0.1:9999/callback';

export async function startUpstreamWorld(
  options: Pick<NonNullable<Parameters<typeof startTestServer>[0]>, 'overrides'> = {},
): Promise<UpstreamWorld> {
  const server = await startTestServer(options);
  const idp = await startUpstreamIdp({ redirectUri: `${server.url}/auth/upstream/callback` });
  const world: UpstreamWorld = {
    server,
    idp,

    async aTenant(id, { secret = UPSTREAM_SECRET, ...columns } = {}) {
      const client_secret_sealed = secret && server.services.box.seal(secret, `upstream:${id}`);
      await server.database.knex.transaction(async (trx) => {
        await trx('instances').insert({ id, name: `The ${id} company`, authentication: 'oidc' });
        await trx('upstream_providers').insert({
          instance_id: id,
          issuer: idp.issuer,
          client_id: 'listo',
          client_secret_sealed,
          ...columns,
        });
      });
      return aClient(server, { instance_id: id });
    },

    authorize(browser, { client_id, redirect_uri }, parameters = {}) {
      return browser.get(
        authorizationUrl(server.url, { client_id, redirect_uri, state: 'kept', ...parameters }),
      );
    },

    async signIn(client, person, { browser = openBrowser(), parameters = {} } = {}) {
      idp.person = person;
      return browser.follow(await world.authorize(browser, client, parameters), CLIENT);
    },

    async callbackOf(client, person, browser) {
      idp.person = person;
      const page = await world.authorize(browser, client);
      const { location = '' } = await browser.follow(page, `${server.url}/auth/upstream/callback`);
      return new URL(location);
    },

    async claimsAfter(page, client) {
      const { body } = await exchange(server.url, answerOf(page).code ?? '', { ...client });
      return (await userinfo(server.url, String(body.access_token))).body;
    },

    async close() {
      await server.close();
      await idp.close();
    },
  };
  return world;
}

/** The parameters of a successful answer to a client that sent the state `kept`. */
export const CODE = { code: expect.any(String), state: 'kept', iss: expect.any(String) };

/** The parameters that the client received. */
export function answerOf({ location, html }: Page): Record<string, string> {
  if (location === undefined) throw new Error(`A page instead of a redirect:\n${html}`);
  return Object.fromEntries(new URL(location).searchParams);
}

/** A new person, unknown to the server. */
export function somebody(claims: Record<string, unknown> = {}): UpstreamPerson {
  return { sub: unique('sub'), claims };
}

export const NO_ACCESS = {
  status: 403,
  message: 'Signing in at your company worked. Ask your administrator for access.',
};
export const AWAY = {
  status: 503,
  message:
    'Your company’s sign-in service cannot be reached. If it stays like this, tell your administrator.',
};
export const UNUSABLE = {
  status: 400,
  message: 'If this comes back, tell your administrator.',
};
