/**
 * The codes and tokens that requests need. The server under test makes them: it is sent requests before the
 * measurement, and its answers are kept.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../../scripts/refusal.ts';
import type { Target } from '../set-up/target.ts';
import { basic, type Request, writeRequests } from './request.ts';
import { type Expected, play } from './wrk.ts';

/** All requests share one: the server cannot tell, and it hashes the verifier for each exchange anyway. */
const CODE_VERIFIER = 'benchmark-code-verifier-that-is-43-characters-long';
const CONNECTIONS = 16;

export interface Tokens {
  access_token: string;
  refresh_token?: string;
  id_token: string;
}

/** A folder that only this run reads, and the distribution of the load. */
export interface Workshop {
  target: Target;
  folder: string;
  threads: number;
}

export const REDIRECTED: Omit<Expected, 'status'> = { place: 'location', marker: '[?&]code=[^&]' };
export const GAVE_TOKENS: Expected = { status: 200, marker: '"access_token"%s*:%s*"[^"]' };

/** A browser's authorization request, with PKCE. */
export function authorizationUrl({ endpoints, client }: Target): string {
  const url = new URL(endpoints.authorization);
  const parameters = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    scope: client.scope,
    state: 'benchmark',
    nonce: 'benchmark',
    code_challenge: createHash('sha256').update(CODE_VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** The same request from every signed-in browser. */
export function authorizations(target: Target): Request[] {
  const url = authorizationUrl(target);
  return target.sessions.map((Cookie) => ({ method: 'GET', url, headers: { Cookie } }));
}

/** The status of this server's redirects: 302 or 303. */
export async function redirectStatus(target: Target): Promise<number> {
  const { url, headers = {} } = authorizations(target)[0] ?? { url: authorizationUrl(target) };
  const { pathname, search } = new URL(url);
  const ask = () => fetch(`${target.base}${pathname}${search}`, { redirect: 'manual', headers });
  // The server may close a connection that was idle for a minute just when it is used again.
  const answer = await ask().catch(ask);
  if (answer.status !== 302 && answer.status !== 303)
    throw new Refusal(`An authorization request with a session answers ${answer.status}, not a redirect.`);
  return answer.status;
}

/** Makes authorization codes, at least about `count` of them. */
export async function makeCodes(workshop: Workshop, count: number): Promise<string[]> {
  const one = authorizations(workshop.target);
  const many = Array.from({ length: padded(count) }, (_, n) => one[n % one.length] as Request);
  const status = await redirectStatus(workshop.target);
  return collect(workshop, many, { status, ...REDIRECTED });
}

/** The request that exchanges a code or refreshes. */
export function tokenRequest({ endpoints, client }: Target, grant: Record<string, string>): Request {
  return {
    method: 'POST',
    url: endpoints.token,
    ...authenticated(client, grant),
  };
}

export function exchange(target: Target, code: string): Request {
  return tokenRequest(target, {
    grant_type: 'authorization_code',
    code: decodeURIComponent(code),
    redirect_uri: target.client.redirectUri,
    code_verifier: CODE_VERIFIER,
  });
}

/** Adds the client's credentials to a form, where it sends them there. */
export function authenticated(
  { id, secret, authentication }: Target['client'],
  form: Record<string, string>,
): Pick<Request, 'headers' | 'form'> {
  return authentication === 'basic'
    ? { headers: { Authorization: basic(id, secret) }, form }
    : { form: { ...form, client_id: id, client_secret: secret } };
}

/** The answers to at least `count` exchanges. */
export async function makeTokens(workshop: Workshop, count: number): Promise<Tokens[]> {
  const codes = await makeCodes(workshop, padded(count));
  const requests = codes.map((code) => exchange(workshop.target, code));
  const answers = await collect(workshop, requests, GAVE_TOKENS);
  return answers.map((text) => JSON.parse(text) as Tokens);
}

/** Answers that are under way when the requests run out are not read. */
function padded(count: number): number {
  return count + 4 * CONNECTIONS;
}

async function collect(workshop: Workshop, requests: Request[], expected: Expected): Promise<string[]> {
  const { folder, target } = workshop;
  const [played, kept] = [join(folder, 'making.requests'), join(folder, 'making.answers')];
  writeRequests(played, requests);
  const what = { requests: played, order: 'once', expected, collect: kept } as const;
  await play(what, { base: target.base, seconds: 600, connections: CONNECTIONS, threads: 1 });
  const files = readdirSync(folder).filter((name) => name.startsWith('making.'));
  const lines = readFileSync(`${kept}.0`, 'utf8').trim().split('\n');
  for (const name of files) rmSync(join(folder, name));
  return lines;
}
