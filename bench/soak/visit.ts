/**
 * One person in a soak: signs in, comes back with tokens again and again, and leaves. Everything that a visit begins
 * ends within minutes, so the tables must stay flat.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBrowser } from '../../test/support/browsers/browser.ts';
import { authenticated, authorizationUrl, exchange, tokenRequest } from '../load/material.ts';
import { basic, type Request } from '../load/request.ts';
import { issueToken, SERVICE } from '../scenarios/listnr.ts';
import { ISSUER } from '../set-up/server.ts';
import { emailOf, PASSWORD } from '../set-up/sign-in.ts';
import type { Target } from '../set-up/target.ts';
import { type Sender, someAddress } from './sender.ts';

/** Shares of all visits: with the password in a new browser; with a code that nobody exchanges; with a mistake. */
const SHARES = { password: 0.1, abandoned: 0.03, mistake: 0.1 };
/** The pause between two requests of one person. */
const PAUSE_MS = [100, 1200] as const;
const REFRESHES = 2;
const PEOPLE = 1000;

type Tokens = Record<'access_token' | 'refresh_token' | 'id_token', string>;

/** The usual number of requests in a visit. The rate of visits follows from it. */
export const REQUESTS_A_VISIT = 16;

export async function visit(target: Target, send: Sender): Promise<void> {
  if (Math.random() < SHARES.mistake) await makeMistake(target, send);
  const withPassword = Math.random() < SHARES.password;
  const arrived = withPassword ? await signIn(target, send) : await singleSignOn(target, send);
  if (!arrived.code || Math.random() < SHARES.abandoned) return;
  let tokens = await tokensOf(send, 'exchange', exchange(target, arrived.code));
  for (let round = 0; tokens && round < REFRESHES; round += 1) {
    await useTokens(target, send, tokens);
    await rest();
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    tokens = await tokensOf(send, 'refresh', tokenRequest(target, form));
  }
  if (!tokens) return;
  if (withPassword) await arrived.signOut(tokens.id_token);
  else await revoke(target, send, tokens);
}

async function useTokens({ endpoints, client }: Target, send: Sender, tokens: Tokens): Promise<void> {
  const bearer = { Authorization: `Bearer ${tokens.access_token}` };
  await send('userinfo', 200, { method: 'GET', url: endpoints.userinfo, headers: bearer });
  await rest();
  const token = { token: tokens.access_token };
  const introspection = endpoints.introspection ?? '';
  await send('introspection', 200, { method: 'POST', url: introspection, ...authenticated(client, token) });
  const who = { client_id: 'bench-app', scope: 'read:profile' };
  await send('LiSTNR, person', 200, issueToken(`Bearer ${tokens.id_token}`, who));
  const what = { client_id: SERVICE.id, subject: randomBytes(4).toString('hex'), scope: 'read:profile' };
  await send('LiSTNR, backend', 200, issueToken(basic(SERVICE.id, SERVICE.secret), what));
  await send('discovery', 200, { method: 'GET', url: endpoints.discovery });
  await rest();
}

/** In a browser with a session, as most people are already signed in. */
async function singleSignOn(target: Target, send: Sender): Promise<Arrived> {
  const Cookie = target.sessions[Math.floor(Math.random() * target.sessions.length)] ?? '';
  const request: Request = { method: 'GET', url: authorizationUrl(target), headers: { Cookie } };
  const { location = '' } = await send('authorization', 303, request);
  return { code: codeIn(location), signOut: async () => {} };
}

interface Arrived {
  code: string | undefined;
  signOut(idToken: string): Promise<void>;
}

async function signIn(target: Target, send: Sender): Promise<Arrived> {
  const browser = openBrowser({
    servedAt: { [ISSUER]: target.base },
    headers: { 'x-forwarded-for': someAddress() },
  });
  const fields = { email: emailOf(Math.floor(Math.random() * PEOPLE)), password: PASSWORD };
  const page = await send.page('password sign-in', async () => {
    const form = await browser.follow(await browser.get(authorizationUrl(target)));
    return browser.follow(await browser.submit(form, '/sign-in', fields), target.client.redirectUri);
  });
  return {
    code: codeIn(page?.location ?? ''),
    async signOut(idToken) {
      const url = `${ISSUER}/auth/logout?${new URLSearchParams({ id_token_hint: idToken })}`;
      await send.page('sign-out', () => browser.get(url));
    },
  };
}

async function tokensOf(send: Sender, name: string, request: Request): Promise<Tokens | undefined> {
  const { status, body } = await send(name, 200, request);
  return status === 200 ? (JSON.parse(body) as Tokens) : undefined;
}

async function revoke({ base, client }: Target, send: Sender, tokens: Tokens): Promise<void> {
  const url = `${base}/auth/revoke`;
  // An access token that is revoked alone is a row until it expires.
  for (const token of [tokens.access_token, tokens.refresh_token])
    await send('revocation', 200, { method: 'POST', url, ...authenticated(client, { token }) });
}

/** Sends requests as the internet does all day. No two are alike, so memory of them would grow. */
async function makeMistake(target: Target, send: Sender): Promise<void> {
  const word = createHash('sha256').update(randomBytes(8)).digest('base64url');
  await send('unknown path', 404, { method: 'GET', url: `${target.base}/auth/${word}` });
  await send('wrong code', 400, exchange(target, word));
  const stranger = tokenRequest(target, { grant_type: 'refresh_token', refresh_token: `${word}.0.${word}` });
  await send('wrong refresh token', 400, stranger);
  await send('unknown LiSTNR client', 401, issueToken(basic(word, word), { client_id: word, subject: 'x' }));
}

function codeIn(location: string): string | undefined {
  return location.startsWith('http') ? (new URL(location).searchParams.get('code') ?? undefined) : undefined;
}

async function rest(): Promise<void> {
  const [least, most] = PAUSE_MS;
  await sleep(least + Math.random() * (most - least));
}
