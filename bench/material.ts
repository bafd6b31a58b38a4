/**
 * What requests are made of and cannot be written down beforehand: codes, tokens. Made by the server under test, by
 * playing it requests and keeping the answers, outside of what is measured.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../scripts/installed-postgres.ts';
import { basic, type Request, writeRequests } from './request.ts';
import type { Target } from './target.ts';
import { type Expected, play } from './wrk.ts';

/** One for all: the server cannot tell, and the hash over it is made for each exchange all the same. */
const CODE_VERIFIER = 'benchmark-code-verifier-that-is-43-characters-long';
const CONNECTIONS = 16;

export interface Tokens {
  access_token: string;
  refresh_token?: string;
  id_token: string;
}

/** A folder that only this run reads, and how the load is spread. */
export interface Workshop {
  target: Target;
  folder: string;
  threads: number;
}

export const REDIRECTED: Omit<Expected, 'status'> = { place: 'location', marker: '[?&]code=[^&]' };
export const GAVE_TOKENS: Expected = { status: 200, marker: '"access_token"%s*:%s*"[^"]' };

/** An authorization request as a browser makes it, with PKCE. */
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

/** The same request from every browser that is signed in. */
export function authorizations(target: Target): Request[] {
  const url = authorizationUrl(target);
  return target.sessions.map((Cookie) => ({ method: 'GET', url, headers: { Cookie } }));
}

/** Redirects are 302 at some servers and 303 at others: what this one does. */
export async function redirectStatus(target: Target): Promise<number> {
  const { url, headers = {} } = authorizations(target)[0] ?? { url: authorizationUrl(target) };
  const { pathname, search } = new URL(url);
  const ask = () => fetch(`${target.base}${pathname}${search}`, { redirect: 'manual', headers });
  // A connection that was idle for a minute may be closed by the server just when it is used again.
  const answer = await ask().catch(ask);
  if (answer.status !== 302 && answer.status !== 303)
    throw new Refusal(`An authorization request with a session answers ${answer.status}, not a redirect.`);
  return answer.status;
}

/** Authorization codes, about `count` of them and rather more. */
export async function makeCodes(workshop: Workshop, count: number): Promise<string[]> {
  const one = authorizations(workshop.target);
  const many = Array.from({ length: padded(count) }, (_, n) => one[n % one.length] as Request);
  const status = await redirectStatus(workshop.target);
  return collect(workshop, many, { status, ...REDIRECTED });
}

/** The request that exchanges a code, or refreshes. */
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

/** A form with the client's credentials where it sends them. */
export function authenticated(
  { id, secret, authentication }: Target['client'],
  form: Record<string, string>,
): Pick<Request, 'headers' | 'form'> {
  return authentication === 'basic'
    ? { headers: { Authorization: basic(id, secret) }, form }
    : { form: { ...form, client_id: id, client_secret: secret } };
}

/** The answers to as many exchanges, at least. */
export async function makeTokens(workshop: Workshop, count: number): Promise<Tokens[]> {
  const codes = await makeCodes(workshop, padded(count));
  const requests = codes.map((code) => exchange(workshop.target, code));
  const answers = await collect(workshop, requests, GAVE_TOKENS);
  return answers.map((text) => JSON.parse(text) as Tokens);
}

/** What is on its way when the requests run out is not read. */
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
