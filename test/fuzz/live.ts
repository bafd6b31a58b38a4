import { type Browser, openBrowser, type Page } from '../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  obtainCode,
  postForm,
  signIn,
} from '../support/clients/relying-party.ts';
import { challenge } from './requests/request-parts.ts';
import { DEVICE_CLIENT, DPOP_CLIENT, KEYS_CLIENT, UPSTREAM_CLIENT, type World } from './world.ts';

/** The codes, tokens, cookies and secrets of forms that a server gave to honest browsers and clients. */
export type Live = Record<string, string>;

/** Goes through every flow as far as somebody may be in the middle of it. */
export async function goLive({ server, idp }: World): Promise<Live> {
  const { url } = server;
  const live: Live = {};
  const keep = (name: string, value: unknown) => {
    if (typeof value !== 'string' || value === '') throw new Error(`The world has no ${name}.`);
    live[name] = value;
  };
  const keepForm = (name: string, browser: Browser, page: Page) => {
    const uid = new URL(page.url).pathname.split('/')[2] ?? '';
    keep(`${name}.uid`, uid);
    keep(`${name}.csrf`, /name="csrf" value="([^"]+)"/.exec(page.html)?.[1]);
    keep(`${name}.cookie`, cookiesOf(browser, uid));
  };

  const { browser: ada, callback } = await signIn(url);
  const tokens = (await exchange(url, callback.get('code') ?? '')).body;
  for (const name of ['access_token', 'id_token', 'refresh_token']) keep(name, tokens[name]);
  const { redirect_uri } = DEMO_WEB;
  keep('code', await obtainCode(url, {}, ada));
  keep('code.spa', await obtainCode(url, { ...DEMO_SPA, ...challenge }, ada));
  keep('code.dpop', await obtainCode(url, { client_id: DPOP_CLIENT, redirect_uri, ...challenge }, ada));
  keep('code.keys', await obtainCode(url, { client_id: KEYS_CLIENT, redirect_uri }, ada));
  keep('session.cookie', cookiesOf(ada));
  const account = await ada.follow(await ada.get(`${url}/account/demo`));
  keep('account.csrf', /name="csrf" value="([^"]+)"/.exec(account.html)?.[1]);
  keep('account.cookie', cookiesOf(ada));
  keepForm(
    'consent',
    ada,
    await ada.follow(await ada.get(authorizationUrl(url, { ...DEMO_SPA, ...challenge, prompt: 'consent' }))),
  );
  const leaving = await ada.follow(await ada.get(`${url}/auth/logout`));
  keep('logout.csrf', /name="csrf" value="([^"]+)"/.exec(leaving.html)?.[1]);

  const stranger = openBrowser();
  keepForm('password', stranger, await stranger.follow(await stranger.get(authorizationUrl(url))));

  const forgetful = openBrowser();
  const asking = await forgetful.get(`${url}/recovery/demo`);
  keep('recovery.csrf', /name="csrf" value="([^"]+)"/.exec(asking.html)?.[1]);
  keep('recovery.cookie', cookiesOf(forgetful));

  idp.person = { sub: 'somebody', claims: { name: 'Some Body' } };
  const guest = openBrowser();
  const going = { client_id: UPSTREAM_CLIENT, redirect_uri };
  const answer = await guest.follow(await guest.get(authorizationUrl(url, going)), `${url}/auth/upstream`);
  const callbackUrl = new URL(answer.location ?? url);
  keep('upstream.state', callbackUrl.searchParams.get('state'));
  keep('upstream.code', callbackUrl.searchParams.get('code'));
  keep('upstream.uid', live['upstream.state']?.split('.')[0]);
  keep('upstream.cookie', cookiesOf(guest, live['upstream.uid']));

  const device = await postForm(`${url}/auth/device_authorization`, {
    client_id: DEVICE_CLIENT,
    scope: 'openid',
  });
  keep('device_code', device.body.device_code);
  keep('user_code', device.body.user_code);
  const question = await ada.get(String(device.body.verification_uri_complete));
  keep('device.xsrf', /name="xsrf" value="([^"]+)"/.exec(question.html)?.[1]);
  keep('device.cookie', cookiesOf(ada));

  const pushed = { ...DEMO_WEB, response_type: 'code', scope: 'openid' };
  keep('request_uri', (await postForm(`${url}/auth/par`, pushed)).body.request_uri);

  const tour = openBrowser();
  const form = await tour.follow(await tour.get(`${url}/demo/sign-in`));
  const back = await tour.submit(form, '/sign-in', { email: ADA.email, password: ADA.password });
  const toured = await tour.follow(back);
  keep('demo.csrf', /name="csrf" value="([^"]+)"/.exec(toured.html)?.[1]);
  keep('demo.cookie', cookiesOf(tour));
  return live;
}

/** The cookies for everywhere, and those for an interaction's own paths. */
function cookiesOf(browser: Browser, uid?: string): string {
  return browser
    .cookies()
    .filter(({ path }) => uid === undefined || path === '/' || path.endsWith(uid))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}
