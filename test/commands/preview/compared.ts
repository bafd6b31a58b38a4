import { decodeJwt, decodeProtectedHeader } from 'jose';
import { getJson } from '../../support/clients/relying-party.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import type { TestServer } from '../../support/servers/test-server.ts';

/** A preview that the command prints, and what the server issues. */
export interface Side {
  id_token?: Token | undefined;
  access_token?: Token | undefined;
  userinfo?: object;
  listnr?: Record<string, Token>;
  answer?: object;
}

export interface Token {
  header: Claims;
  claims: Claims;
  bytes: number;
}

type Claims = Record<string, unknown>;

/** Members whose values differ with each request. `cnf` has thumbprints of keys. */
const TIMES_AND_IDS = ['iat', 'exp', 'auth_time', 'jti', 'sid', 'grant_id', 'at_hash', 'cnf'];

/** Runs the command as an operator of this server. */
export async function previewOn(
  { database, url }: Pick<TestServer, 'database' | 'url'>,
  words: readonly string[],
): Promise<{ code: number; read: Claims }> {
  const { code, out, err } = await runOn(database, ['preview', ...words, '--json'], {
    issuer: () => url,
    listnr: () => ({ listnrIssuer: url, environment: 'dev' }),
  });
  if (err !== '') throw new Error(err);
  return { code, read: JSON.parse(out.join('\n')) };
}

/** The part of a preview that can be compared. */
export function previewed({ id_token, access_token, userinfo, listnr, ...others }: Claims) {
  const { scope, token_type, expires_in } = others;
  return comparable({
    id_token: id_token as Token | undefined,
    access_token: access_token as Token,
    userinfo: asToldTo(userinfo as UserinfoSide),
    listnr: listnr as Record<string, Token>,
    answer: { scope, token_type, expires_in },
  });
}

type UserinfoSide = { refused?: { error: string; sentence: string } };

/** A refusal as its client reads it. */
function asToldTo(userinfo: UserinfoSide): object {
  const { refused } = userinfo;
  return refused ? { refused: { error: refused.error, sentence: refused.sentence } } : userinfo;
}

/** The answer of the token endpoint, with userinfo and LiSTNR tokens: the things that the server issued. */
export async function issued(
  server: Pick<TestServer, 'url'>,
  answer: Claims,
  { headers = {}, listnr = {} }: { headers?: Record<string, string>; listnr?: Record<string, string> } = {},
) {
  const { scope, token_type, expires_in } = answer;
  const info = await getJson(`${server.url}/auth/userinfo`, {
    authorization: `${token_type} ${answer.access_token}`,
    ...headers,
  });
  return comparable({
    id_token: answer.id_token === undefined ? undefined : tokenOf(String(answer.id_token)),
    access_token: tokenOf(String(answer.access_token)),
    userinfo:
      info.status === 200
        ? { claims: info.body, bytes: Buffer.byteLength(JSON.stringify(info.body)) }
        : { refused: { error: info.body.error, sentence: info.body.error_description } },
    listnr: Object.fromEntries(Object.entries(listnr).map(([id, token]) => [id, tokenOf(token)])),
    answer: { scope, token_type, expires_in },
  });
}

export function tokenOf(token: string): Token {
  return {
    header: { ...decodeProtectedHeader(token) },
    claims: decodeJwt(token),
    bytes: Buffer.byteLength(token),
  };
}

function comparable(side: Required<Side>) {
  const { id_token, access_token, userinfo, listnr, answer } = side;
  return {
    id_token: id_token && withoutTimes(id_token),
    access_token: access_token && withoutTimes(access_token),
    userinfo,
    listnr: Object.fromEntries(Object.entries(listnr).map(([id, token]) => [id, withoutTimes(token)])),
    answer,
  };
}

/** The members in their order. A time or id keeps only its form, and the expiry says how far it is away. */
export function withoutTimes({ header, claims, bytes }: Token) {
  return {
    header,
    bytes,
    lives: Number(claims.exp) - Number(claims.iat),
    claims: Object.entries(claims).map(([name, value]) => [
      name,
      TIMES_AND_IDS.includes(name) ? formOf(value) : value,
    ]),
  };
}

function formOf(value: unknown): unknown {
  if (typeof value === 'string') return `a text of ${value.length}`;
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, formOf(member)]));
}
