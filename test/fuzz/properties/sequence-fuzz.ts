import fc from 'fast-check';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_SPA, DEMO_WEB, pkce } from '../../support/clients/relying-party.ts';
import { DEMO_APP } from '../../support/clients/token-provider.ts';
import { type Act, acts } from '../acts.ts';
import type { Property } from '../property.ts';
import { type Form, formOf } from '../requests/page-form.ts';
import type { Watch } from '../watch.ts';
import { DEVICE_CLIENT, DEVICE_GRANT, UPSTREAM_CLIENT, type World } from '../world.ts';

interface Tab {
  browser: Browser;
  page: Page | undefined;
  /** The form that was sent last, to be sent again. */
  last: Form | undefined;
}

/** Everything that both browsers, and the clients behind them, have found so far. */
interface Found {
  tabs: [Tab, Tab];
  verifier: string;
  /** With the client that asked for it. */
  codes: { code: string; isSpa: boolean }[];
  tokens: Record<string, unknown>[];
  devices: Record<string, unknown>[];
}

/** Requests that are begun, left, repeated and mixed up, in two browsers: each is answered as documented. */
export function sequencesAreAnswered(world: World, watch: Watch): Property {
  return {
    name: 'requests begun, left and repeated in two browsers',
    property: fc.asyncProperty(acts, async (acts) => {
      const found: Found = {
        tabs: [newTab(), newTab()],
        verifier: '',
        codes: [],
        tokens: [],
        devices: [],
      };
      for (const one of acts) {
        await watch.during(
          () => secretsOf(found),
          async (signal) => {
            const doing = Array.from({ length: one.times }, () =>
              perform(one, found, { world, watch, signal }),
            );
            for (const done of await Promise.allSettled(doing))
              if (done.status === 'rejected') throw done.reason;
          },
        );
      }
    }),
  };
}

function newTab(): Tab {
  return { browser: openBrowser(), page: undefined, last: undefined };
}

function secretsOf({ codes, tokens, devices }: Found): string[] {
  const all = [
    ...codes.map(({ code }) => code),
    ...[...tokens, ...devices].flatMap((answer) => Object.values(answer)),
  ];
  return all.filter(
    (value): value is string => typeof value === 'string' && value.length >= 30 && !value.includes('/'),
  );
}

interface Performing {
  world: World;
  watch: Watch;
  signal: AbortSignal;
}

async function perform(
  { act, browser: which, way }: Act,
  found: Found,
  performing: Performing,
): Promise<void> {
  const { url } = performing.world.server;
  const tab = found.tabs[which];
  const show = async (asked: Promise<Page>, what: string) => {
    tab.page = await asked;
    seen(tab.page, `sequence: ${what}`, performing.watch);
    const code = tab.page.location && new URL(tab.page.location).searchParams.get('code');
    if (code) found.codes.push({ code, isSpa: tab.page.location?.includes('/spa/') === true });
  };
  const goOn = () =>
    tab.page
      ? show(tab.browser.follow(tab.page, DEMO_WEB.redirect_uri.replace(/callback$/, '')), 'follow')
      : undefined;
  switch (act) {
    case 'begin':
      await show(tab.browser.get(authorizationUrl(url, request(way, found))), 'authorize');
      return way % 4 === 3 ? undefined : goOn();
    case 'go': {
      // One step, or on to a page or to the client.
      const { location } = tab.page ?? {};
      if (way % 2 === 0 && location?.startsWith(url)) return show(tab.browser.get(location), 'step');
      return goOn();
    }
    case 'submit': {
      const form = formOf(tab.page, way);
      if (!form) return;
      tab.last = form;
      await show(tab.browser.post(form.action, form.fields), 'form');
      return way % 3 === 0 ? undefined : goOn();
    }
    case 'again': {
      // The form of either browser, sent by this one.
      const last = found.tabs[way % 2 === 0 ? which : 1 - which]?.last;
      return last && show(tab.browser.post(last.action, last.fields), 'form again');
    }
    case 'resume': {
      // The page of the other browser, opened in this one.
      const address = found.tabs[1 - which]?.page?.url;
      return address === undefined ? undefined : show(tab.browser.get(address), 'other browser');
    }
    case 'open':
      return show(
        tab.browser.get(
          `${url}${['/auth/device', '/demo', '/demo/sign-in', '/auth/logout/success'][way % 4]}`,
        ),
        'page',
      );
    case 'leave': {
      if (way % 3 === 0) found.tabs[which] = newTab();
      const id_token = found.tokens.at(-1)?.id_token;
      const hint = way % 2 === 0 && id_token ? `?id_token_hint=${id_token}` : '';
      return show(tab.browser.get(`${url}/auth/logout${hint}`), 'logout');
    }
    default:
      return ask(act, way, found, { ...performing, tab });
  }
}

/** An act of a client. */
async function ask(
  act: 'redeem' | 'use' | 'device' | 'poll',
  way: number,
  found: Found,
  { world, watch, signal, tab }: Performing & { tab: Tab },
): Promise<void> {
  const { url } = world.server;
  const tokens = found.tokens.at(way % 3 === 2 ? -2 : -1) ?? {};
  const post = async (
    path: string,
    fields: Record<string, unknown>,
    headers: Record<string, string> = {},
  ) => {
    const json = path.startsWith('/v1');
    const body = json ? JSON.stringify(fields) : new URLSearchParams(fields as Record<string, string>);
    const type: Record<string, string> = json ? { 'content-type': 'application/json' } : {};
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { ...type, ...headers },
      body,
      signal,
    });
    const text = await answer.text();
    watch.check({
      endpoint: `sequence: ${path}`,
      status: answer.status,
      headers: answer.headers,
      body: text,
    });
    return answer.ok && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : undefined;
  };
  const { client_id, client_secret } = DEMO_WEB;
  const authorization = `Bearer ${tokens.access_token}`;
  const uses = [
    () => post('/auth/userinfo', {}, { authorization }),
    () => post('/auth/introspect', { token: tokens.access_token, client_id, client_secret }),
    () => post('/auth/revoke', { token: tokens.refresh_token, client_id, client_secret }),
    () =>
      post(
        '/v1/listnr-token-provider/issue-token',
        { client_id: DEMO_APP },
        { authorization: `Bearer ${tokens.id_token}` },
      ),
    () =>
      post('/auth/token', {
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh_token,
        client_id,
        client_secret,
      }),
    () =>
      post('/auth/token', {
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh_token,
        client_id: DEMO_SPA.client_id,
      }),
  ];
  if (act === 'use') {
    const used = await uses[way % uses.length]?.();
    if (used?.access_token && way % uses.length >= 4) found.tokens.push(used);
  } else if (act === 'redeem') {
    const { code, isSpa } = found.codes.at(way % 7 === 6 ? -2 : -1) ?? { code: 'none', isSpa: false };
    const asSpa = way % 5 === 4 ? !isSpa : isSpa;
    const client = asSpa ? { ...DEMO_SPA, code_verifier: found.verifier } : DEMO_WEB;
    const got = await post('/auth/token', { grant_type: 'authorization_code', code, ...client });
    if (got) found.tokens.push(got);
  } else if (act === 'device') {
    const device = await post('/auth/device_authorization', { client_id: DEVICE_CLIENT, scope: 'openid' });
    if (!device) return;
    found.devices.push(device);
    tab.page = await tab.browser.get(String(device.verification_uri_complete));
    seen(tab.page, 'sequence: device page', watch);
  } else {
    const device = found.devices.at(-1);
    const got = await post('/auth/token', {
      grant_type: DEVICE_GRANT,
      client_id: DEVICE_CLIENT,
      device_code: device?.device_code ?? 'none',
    });
    if (got) found.tokens.push(got);
  }
}

function seen({ status, headers, html: body }: Page, endpoint: string, watch: Watch): void {
  watch.check({ endpoint, status, headers, body });
}

function request(way: number, found: Found): Record<string, string> {
  const { code_verifier, ...challenge } = pkce();
  const requests = [
    { prompt: 'login' },
    {},
    { prompt: 'none' },
    { ...DEMO_SPA, ...challenge },
    { ...DEMO_SPA, ...challenge, prompt: 'consent' },
    { client_id: UPSTREAM_CLIENT },
    { max_age: '0' },
    { response_mode: 'form_post' },
  ];
  const chosen = requests[way % requests.length] ?? {};
  if ('code_challenge' in chosen) found.verifier = code_verifier;
  return { state: 's', ...chosen } as Record<string, string>;
}
