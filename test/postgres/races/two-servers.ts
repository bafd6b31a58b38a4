import { randomUUID } from 'node:crypto';
import { freePort } from '../../../scripts/free-port.ts';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import type { Interruption, PreparedRequest, Reply } from '../../support/clients/released-together.ts';
import {
  DEMO_WEB,
  refresh,
  signIn,
  statusAndError,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

const REQUESTS = 50;
export const ROUNDS = 20;
/** The time limit for all rounds of a race on a busy machine. */
export const RACE_MS = 600_000;

/** One database and two server processes. The issuer has the first one's address. */
export interface TwoServers {
  database: TestDatabase;
  issuer: string;
  /** The address of one server or the other, in turns. */
  at(n: number): string;
  close(): Promise<void>;
}

export async function startTwoServers(env: Record<string, string> = {}): Promise<TwoServers> {
  const database = await openTestDatabase();
  const port = await freePort();
  const shared = { ISSUER: `http://localhost:${port}`, SEEDS_DIR, LOG_LEVEL: 'error', ...env };
  const first = await startServerProcess(database.url ?? '', { ...shared, PORT: String(port) });
  const second = await startServerProcess(database.url ?? '', shared);
  const servers: [ServerProcess, ServerProcess] = [first, second];
  return {
    database,
    issuer: first.url,
    at: (n) => servers[n % 2 ? 0 : 1].url,
    async close() {
      await Promise.all(servers.map((server) => server.stop()));
      await database.close();
    },
  };
}

const PASSWORD = 'a perfectly good password';
/** Two cheap hashes of it: there are hundreds of sign-ins here, and hashing is not the subject. */
export const CHEAP_HASHES = [
  '$argon2id$v=19$m=8,t=1,p=1$wlENKvnXwBpdEiTcWH6Ukg$2VpBSng3l9qkDDH4mO6Zlm1xduFU4UepECa30GG1xEw',
  '$argon2id$v=19$m=8,t=1,p=1$YgxmPAv8oecUgxSP1uMgPw$ubLC0hZzoH9xmey6/rTtY9CFRe+WCZDDwqHZ3HSH/g0',
] as const;

/** A hash of another password. */
export const OTHER_HASH =
  '$argon2id$v=19$m=8,t=1,p=1$pGnFTK0G/RGjLkgR10epTA$tvQv/jc+K/ZOyorWG0UokTuXw63iaoh8QmgDMioDb64';

export interface Runner {
  id: string;
  email: string;
  password: string;
}

/** A person of the demo instance. */
export async function aRunner({ database }: TwoServers): Promise<Runner> {
  const id = randomUUID();
  const email = `${id}@demo.example`;
  await database
    .knex('people')
    .insert({ id, instance_id: 'demo', email, email_verified: true, password_hash: CHEAP_HASHES[0] });
  return { id, email, password: PASSWORD };
}

/** The code in an answer of the authorization endpoint. */
export function codeOf({ location = '' }: Pick<Reply, 'location'>): string | undefined {
  return new URL(location, DEMO_WEB.redirect_uri).searchParams.get('code') ?? undefined;
}

/** A code for `client_demo_web`, from `browser`, which may already be signed in. */
export async function newCode(
  { issuer }: TwoServers,
  runner: Runner,
  browser: Browser = openBrowser(),
): Promise<string> {
  const { page } = await signIn(issuer, { browser, person: runner });
  const code = codeOf(page);
  if (!code) throw new Error(`Signing in ended at ${page.url}.`);
  return code;
}

/** The cookies that a browser sends to `path`. */
export function cookieHeader(browser: Browser, path: string): { cookie: string } {
  const sent = browser.cookies().filter((cookie) => path.startsWith(cookie.path));
  return { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') };
}

/** A JSON request to the token endpoint by `client_demo_web`. */
export function tokenRequest(
  server: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): PreparedRequest {
  return {
    url: `${server}/auth/token`,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...DEMO_WEB, ...fields }),
  };
}

/** Fifty requests, to the two servers in turns. */
export function fifty(make: (n: number) => PreparedRequest): PreparedRequest[] {
  return Array.from({ length: REQUESTS }, (_, n) => make(n));
}

/**
 * In the first half of all rounds, the act runs together with the fifty requests; later, after more and more answers.
 */
export function interruption(round: number, act: () => Promise<unknown>): Interruption {
  return { afterAnswers: Math.max(0, round - ROUNDS / 2) * 4, act };
}

/** How often each outcome occurred: `200`, `400 invalid_grant`, or for redirects `code`, an error, or the target. */
export function tally(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reply of replies) {
    const outcome = outcomeOf(reply);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

function outcomeOf({ status, location, body }: Reply): string {
  if (location === undefined) return [status, body.error].filter(Boolean).join(' ');
  const { pathname, searchParams } = new URL(location, DEMO_WEB.redirect_uri);
  if (searchParams.has('code')) return 'code';
  return searchParams.get('error') ?? pathname.replace(/[A-Za-z0-9_-]{20,}/, ':uid');
}

/** The outcomes that occurred, however often. */
export function outcomes(replies: readonly Reply[]): string[] {
  return Object.keys(tally(replies)).toSorted();
}

export type GivenTokens = Pick<Tokens, 'access_token' | 'refresh_token'>;

/** The tokens from all answers that gave any. */
export function tokensIn(
  replies: readonly { status: number; body: Record<string, unknown> }[],
): GivenTokens[] {
  return replies.filter(({ status }) => status === 200).map(({ body }) => body as unknown as GivenTokens);
}

/** Expects that neither server accepts any token this person ever got, and that no row allows it. */
export async function expectNothingAlive(
  { database: { knex }, at }: TwoServers,
  { id }: Runner,
  given: readonly GivenTokens[],
  client: { client_id: string; client_secret: string } = DEMO_WEB,
): Promise<void> {
  const refreshTokens = new Set(given.flatMap(({ refresh_token }) => refresh_token ?? []));
  // A refresh token begins with the name of its family.
  const names = [...refreshTokens].map((token) => Buffer.from(token.split('.')[0] ?? '', 'base64url'));
  const families = await knex('refresh_families').whereIn('family', names).pluck('sequence');
  const grants = await knex('grants').where({ person_id: id }).pluck('id');
  expect({ grants, families }).toEqual({ grants: [], families: [] });

  const { client_id, client_secret } = client;
  const credentials = { client_id, client_secret };
  const asked = await Promise.all(given.map(({ access_token }, n) => userinfo(at(n), access_token)));
  expect(asked.map(({ status }) => status)).toEqual(given.map(() => 401));
  for (const token of refreshTokens) {
    for (const server of [at(0), at(1)]) {
      expect(statusAndError(await refresh(server, token, credentials))).toEqual({
        status: 400,
        error: 'invalid_grant',
      });
    }
  }
}
