import type { Browser } from '../../support/browsers/browser.ts';
import { type Answer, postForm, userinfo } from '../../support/clients/relying-party.ts';
import { askToken } from '../../support/clients/token-provider.ts';
import type { TestClient } from '../../support/registrations/factories.ts';
import type { Line, Said } from './document.ts';
import {
  askSilently,
  BROWSERS,
  type BrowserName,
  redeem,
  refreshAs,
  SIGN_INS,
  type SignIn,
  type SignInName,
  type World,
} from './world.ts';

/** `live`, `end`, or another answer. */
type Fate = string;

export interface State {
  sessions: Record<BrowserName, Fate>;
  signIns: Record<SignInName, { code: Fate; refreshToken: Fate; accessToken: Fate; idToken: Fate }>;
}

/** Finds out what works by using each thing, as its holder would. */
export async function stateOf(world: World): Promise<State> {
  const { signIns, browsers, web, spa, url } = world;
  const state = { sessions: {}, signIns: {} } as State;
  for (const name of SIGN_INS) state.signIns[name] = await fatesOf(url, signIns[name]);
  for (const name of BROWSERS) {
    const clients = name === 'elsewhere' ? [signIns.elsewhere.client] : [web, spa];
    state.sessions[name] = await sessionFate(world, browsers[name], clients);
  }
  return state;
}

async function fatesOf(
  url: string,
  { client, listnrClient, tokens, code }: SignIn,
): Promise<State['signIns'][SignInName]> {
  const asked = await userinfo(url, tokens.access_token);
  const accessToken = asked.status === 200 ? 'live' : 'end';
  const active = client.client_secret
    ? await introspectedFate(url, client, tokens.access_token)
    : accessToken;
  const minted = await askToken({ url }, `Bearer ${tokens.id_token}`, { client_id: listnrClient });
  return {
    accessToken: accessToken === active ? accessToken : `userinfo: ${accessToken}, introspection: ${active}`,
    idToken: fateOf(minted, ['invalid_token', 'invalid_client', 'unauthorized_client']),
    refreshToken: fateOf(await refreshAs(url, client, tokens.refresh_token), [
      'invalid_grant',
      'invalid_client',
    ]),
    code: fateOf(await redeem(url, client, code), ['invalid_grant', 'invalid_client']),
  };
}

/** Only a client that authenticates may ask. */
async function introspectedFate(
  url: string,
  { client_id, client_secret }: TestClient,
  token: string,
): Promise<Fate> {
  const fields = { token, client_id, client_secret: String(client_secret) };
  const { body } = await postForm(`${url}/auth/introspect`, fields);
  return body.active === true ? 'live' : 'end';
}

function fateOf({ status, body }: Answer, refusals: readonly string[]): Fate {
  if (status === 200) return 'live';
  return refusals.includes(String(body.error)) ? 'end' : `${status} ${body.error}`;
}

/** A session is alive if any application of its instance gets a code without a prompt. */
async function sessionFate(
  { server }: World,
  browser: Browser,
  clients: readonly TestClient[],
): Promise<Fate> {
  const errors = new Set<string | null>();
  for (const client of clients) {
    const answer = await askSilently(server.url, browser, client);
    if (answer.has('code')) return 'live';
    errors.add(answer.get('error'));
  }
  // Null: the client is gone, and the browser is shown a page.
  const ended = [...errors].every((error) => error === 'login_required' || error === null);
  return ended ? 'end' : [...errors].join(' ');
}

/** The sign-ins that a table row concerns, by its third column. */
const CONCERNS: Record<string, (name: SignInName) => boolean> = {
  'that browser, at the instance': (name) => name.startsWith('laptop'),
  'that authorization': (name) => name === 'laptop at web',
  'that token': (name) => name === 'laptop at web',
  'that person': (name) => name !== 'elsewhere',
  'that person at that client': (name) => name === 'laptop at spa',
  'that client': (name) => name.endsWith('at web'),
  'that instance': (name) => name !== 'elsewhere',
  'that LiSTNR client': (name) => name !== 'elsewhere',
  everybody: () => true,
};

/** Whether the third column of a row is about this sign-in. */
export function concerns(of: string, name: SignInName): boolean {
  const rule = CONCERNS[of];
  if (!rule) throw new Error(`No rule for "${of}".`);
  return rule(name);
}

/** The expected state of this world according to a row. */
export function stateSaidBy(line: Line): State {
  const fate = (name: SignInName, said: Said) => (concerns(line.of, name) && said !== '–' ? said : 'live');
  const sessionOf = (browser: BrowserName) =>
    line.session === 'end' && SIGN_INS.some((name) => name.startsWith(browser) && concerns(line.of, name))
      ? 'end'
      : 'live';
  const state = { sessions: {}, signIns: {} } as State;
  for (const name of BROWSERS) state.sessions[name] = sessionOf(name);
  for (const name of SIGN_INS) {
    const { code, refreshToken, accessToken, idToken } = line;
    state.signIns[name] = {
      code: fate(name, code),
      refreshToken: fate(name, refreshToken),
      accessToken: fate(name, accessToken),
      idToken: fate(name, idToken),
    };
  }
  return state;
}
