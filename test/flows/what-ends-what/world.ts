import { argon2Sync, randomBytes, randomUUID } from 'node:crypto';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import {
  type Answer,
  authorizationUrl,
  pkce,
  postJson,
  signIn,
  type Tokens,
} from '../../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  type TestClient,
  type TestPerson,
} from '../../support/registrations/factories.ts';
import { type TestServer, unique } from '../../support/servers/test-server.ts';

export const SIGN_INS = ['laptop at web', 'laptop at spa', 'phone at web', 'elsewhere'] as const;
export type SignInName = (typeof SIGN_INS)[number];
export const BROWSERS = ['laptop', 'phone', 'elsewhere'] as const;
export type BrowserName = (typeof BROWSERS)[number];

/** An application's things from one browser: the tokens of one authorization, and a code of another. */
export interface SignIn {
  client: TestClient;
  listnrClient: string;
  tokens: Required<Tokens>;
  code: Code;
}

export interface Code {
  code: string;
  code_verifier: string;
}

/**
 * One person with two browsers, and two clients of their instance, of which `spa` asks for consent. A person in
 * another instance must not be affected.
 */
export interface World {
  server: TestServer;
  /** The address for requests: the server, or another one on its database. */
  url: string;
  /** Makes browsers find that other server under the issuer's name. */
  servedAt: Record<string, string>;
  instance: string;
  person: TestPerson;
  web: TestClient;
  spa: TestClient;
  listnrClient: string;
  browsers: Record<BrowserName, Browser>;
  signIns: Record<SignInName, SignIn>;
}

/** A person in another instance, who stays signed in from one world to the next. */
export interface Neighbour {
  tenant: Tenant;
  browser: Browser;
  servedAt: Record<string, string>;
}

export async function aNeighbour(server: TestServer): Promise<Neighbour> {
  const servedAt = {};
  return { tenant: await aTenant(server), browser: openBrowser({ servedAt }), servedAt };
}

export async function aWorld(server: TestServer, { tenant, browser, servedAt }: Neighbour): Promise<World> {
  const home = await aTenant(server);
  const [laptop, phone] = [openBrowser({ servedAt }), openBrowser({ servedAt })];
  return {
    server,
    url: server.url,
    servedAt,
    ...home,
    browsers: { laptop, phone, elsewhere: browser },
    signIns: {
      'laptop at web': await signInTo(server, laptop, home.web, home),
      'laptop at spa': await signInTo(server, laptop, home.spa, home),
      'phone at web': await signInTo(server, phone, home.web, home),
      elsewhere: await signInTo(server, browser, tenant.web, tenant),
    },
  };
}

export interface Tenant {
  instance: string;
  person: TestPerson;
  web: TestClient;
  spa: TestClient;
  listnrClient: string;
}

export async function aTenant(server: TestServer): Promise<Tenant> {
  const instance = await anInstance(server);
  const person = await aPersonOf(server, instance);
  const web = await aClient(server, { instance_id: instance });
  const spa = await aClient(server, { instance_id: instance, type: 'public', require_consent: true });
  const listnrClient = unique('listnr');
  await server.seed(`
    INSERT INTO listnr_clients (id, pattern) VALUES ('${listnrClient}', 'authenticated_user');
    INSERT INTO listnr_accepted_issuers (client_id, audiences) VALUES ('${listnrClient}', '{${web.client_id},${spa.client_id}}');`);
  return { instance, person, web, spa, listnrClient };
}

async function aPersonOf({ database }: TestServer, instance_id: string): Promise<TestPerson> {
  const person = { id: randomUUID(), email: `${unique('person')}@people.example` };
  const password = 'a perfectly good password';
  await database.knex('people').insert({ ...person, instance_id, password_hash: cheapHash(password) });
  return { ...person, password };
}

/** The cheapest hash that can be verified, since each test signs in at two browsers. */
export function cheapHash(password: string): string {
  const nonce = randomBytes(16);
  const cost = { parallelism: 1, memory: 8, passes: 1, tagLength: 32 };
  const tag = argon2Sync('argon2id', { message: password, nonce, ...cost });
  const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$argon2id$v=19$m=8,t=1,p=1$${salt}$${hash}`;
}

export async function signInTo(
  server: TestServer,
  browser: Browser,
  client: TestClient,
  { person, listnrClient }: Tenant,
): Promise<SignIn> {
  const { body } = await redeem(
    server.url,
    client,
    await obtainCode(server.url, { browser, client, person }),
  );
  const code = await obtainCode(server.url, { browser, client, person });
  return { client, listnrClient, tokens: body as unknown as Required<Tokens>, code };
}

export async function obtainCode(
  url: string,
  {
    browser,
    client,
    person,
    parameters = {},
  }: { browser: Browser; client: TestClient; person: TestPerson; parameters?: Record<string, string> },
): Promise<Code> {
  const { client_id, redirect_uri } = client;
  const { code_verifier, ...challenge } = pkce();
  const all = { client_id, redirect_uri, ...challenge, ...parameters };
  const { callback } = await signIn(url, { browser, person, parameters: all });
  return { code: callback.get('code') ?? '', code_verifier };
}

export function redeem(url: string, client: TestClient, code: Code): Promise<Answer> {
  const { client_secret, ...named } = client;
  return postJson(`${url}/auth/token`, {
    grant_type: 'authorization_code',
    ...code,
    ...named,
    client_secret: client_secret || null,
  });
}

export function refreshAs(
  url: string,
  { client_id, client_secret }: TestClient,
  refresh_token: string,
  scope?: string,
): Promise<Answer> {
  return postJson(`${url}/auth/token`, {
    grant_type: 'refresh_token',
    refresh_token,
    ...(scope === undefined ? {} : { scope }),
    client_id,
    client_secret: client_secret || null,
  });
}

/** The answer to an application of this browser that asks without a prompt. */
export async function askSilently(
  url: string,
  browser: Browser,
  client: TestClient,
): Promise<URLSearchParams> {
  const { client_id, redirect_uri } = client;
  const { code_verifier: _, ...challenge } = pkce();
  const page = await browser.get(
    authorizationUrl(url, { client_id, redirect_uri, prompt: 'none', ...challenge }),
  );
  return new URL(page.location ?? url).searchParams;
}
