import { ADA, DEMO_WEB } from '../support/clients/relying-party.ts';
import { DEMO_APP, DEMO_BASIC, DEMO_SERVICE, ISSUE_TOKEN } from '../support/clients/token-provider.ts';
import type { Outcome } from './ledger.ts';

/** The requests of a client's backend. Each returns its answer, or `silence` without one. */
export interface Reply {
  outcome: Outcome;
  detail: string;
  body: Record<string, unknown>;
}

/** The names of the errors that fetch throws without an answer: for the connection, or for its signal. */
export const NOTHING_CAME: readonly string[] = ['TypeError', 'AbortError', 'TimeoutError'];
const BASIC = `Basic ${btoa(`${DEMO_WEB.client_id}:${DEMO_WEB.client_secret}`)}`;

/** Gives up after `patienceMs`, as if there were no answer. */
export type Send = (url: string, patienceMs: number) => Promise<Reply>;

export function exchangeCode(code: string): Send {
  return post('/auth/token', { grant_type: 'authorization_code', code, ...DEMO_WEB }, hasTokens);
}

export function refreshWith(refresh_token: string): Send {
  const { client_id, client_secret } = DEMO_WEB;
  const fields = { grant_type: 'refresh_token', refresh_token, client_id, client_secret };
  return post('/auth/token', fields, hasTokens);
}

export function askUserinfo(accessToken: string): Send {
  return (url, patienceMs) =>
    ask(
      `${url}/auth/userinfo`,
      { headers: { authorization: `Bearer ${accessToken}` }, patienceMs },
      ({ sub }) => sub === ADA.id,
    );
}

/** A token that is not active counts as refused. */
export function introspect(token: string): Send {
  const send = post('/auth/introspect', { token }, ({ active }) => typeof active === 'boolean', BASIC);
  return async (url, patienceMs) => {
    const reply = await send(url, patienceMs);
    return reply.outcome === 'ok' && reply.body.active === false
      ? { ...reply, outcome: 'refused', detail: 'not active' }
      : reply;
  };
}

export function revoke(token: string): Send {
  return post('/auth/revoke', { token }, () => true, BASIC);
}

/** A LiSTNR token for the service itself or, with an ID token, for its person. The caller checks the signature. */
export function mintListnr(idToken: string | undefined): Send {
  return idToken === undefined
    ? post(ISSUE_TOKEN, { client_id: DEMO_SERVICE.id, subject: 'somebody' }, hasAccessToken, DEMO_BASIC)
    : post(ISSUE_TOKEN, { client_id: DEMO_APP }, hasAccessToken, `Bearer ${idToken}`);
}

const hasAccessToken = ({ access_token }: Reply['body']) => typeof access_token === 'string';
const hasTokens = (body: Reply['body']) => hasAccessToken(body) && typeof body.refresh_token === 'string';

/** Sends JSON where the guides have it, and a form where the RFCs do. */
function post(
  path: string,
  fields: Record<string, string>,
  isRight: (body: Reply['body']) => boolean,
  authorization?: string,
): Send {
  const json = path === '/auth/token' || path === ISSUE_TOKEN;
  const headers = {
    ...(json ? { 'content-type': 'application/json' } : {}),
    ...(authorization ? { authorization } : {}),
  };
  const body = json ? JSON.stringify(fields) : new URLSearchParams(fields);
  return (url, patienceMs) => ask(url + path, { method: 'POST', headers, body, patienceMs }, isRight);
}

async function ask(
  url: string,
  { patienceMs, ...init }: RequestInit & { patienceMs: number },
  isRight: (body: Reply['body']) => boolean,
): Promise<Reply> {
  let status: number;
  let text: string;
  let retryAfter: string | null;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(patienceMs) });
    status = response.status;
    retryAfter = response.headers.get('retry-after');
    text = await response.text();
  } catch (error) {
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    if (!NOTHING_CAME.includes(name)) throw error;
    return { outcome: 'silence', detail: cause?.code ?? name, body: {} };
  }
  const body = parse(text);
  const outcome = isUnavailable(status, body, retryAfter) ? 'unavailable' : outcomeOf(status, body, isRight);
  return { outcome, detail: `${status} ${described(body)}`.trim(), body };
}

/** The one documented 5xx, which says when to come back. */
function isUnavailable(status: number, { error }: Reply['body'], retryAfter: string | null): boolean {
  return status === 503 && error === 'temporarily_unavailable' && retryAfter !== null;
}

function outcomeOf(status: number, body: Reply['body'], isRight: (body: Reply['body']) => boolean): Outcome {
  if (status === 200) return isRight(body) ? 'ok' : 'error';
  return status >= 400 && status < 500 ? 'refused' : 'error';
}

function parse(text: string): Reply['body'] {
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Reply['body']) : {};
  } catch {
    return {};
  }
}

/** An error's description contains no token. */
function described({ error, error_description }: Reply['body']): string {
  return [error, error_description].filter((part) => typeof part === 'string').join(': ');
}
