import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { aClientKey, clientAssertion, dpopProof } from '../../support/clients/proofs.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  obtainCode,
  obtainTokens,
  pkce,
  postForm,
  refresh,
  signIn,
  type Tokens,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_APP, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { readMails } from '../../support/mail/mailbox.ts';
import { aClient, aPerson, type TestClient } from '../../support/registrations/factories.ts';
import { somebody, type UpstreamWorld } from '../../support/upstream/upstream-world.ts';

/** Runs every flow, and leaves a half-finished one of each, because those are stored, too. */
export async function runEveryFlow(world: UpstreamWorld): Promise<void> {
  const { url } = world.server;
  const browser = openBrowser();
  const tokens = await obtainTokens(url, {}, browser);
  await useTokens(url, browser, tokens);
  await halfWay(url, browser, tokens);
  await misplacedSecrets(world, tokens);
  await pushedRequests(url, browser, tokens);
  await clientKeys(world);
  await signInUpstream(world);
  await mailedLinks(world);

  await askToken(world.server, `Bearer ${tokens.id_token}`, { client_id: DEMO_APP, scope: 'read:profile' });
  await askToken(world.server, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });
  const leaving = await signIn(url);
  await leaving.browser.follow(
    await leaving.browser.get(`${url}/auth/logout?client_id=${DEMO_WEB.client_id}`),
  );
  const left = openBrowser();
  const { id_token } = await obtainTokens(url, {}, left);
  await left.get(`${url}/auth/logout?id_token_hint=${id_token}`);
}

/** Codes that are redeemed, used twice and never used; tokens that are refreshed, replayed and revoked. */
async function useTokens(url: string, browser: Browser, tokens: Tokens): Promise<void> {
  let newest = tokens.refresh_token ?? '';
  for (let n = 1; n <= 3; n += 1) newest = String((await refresh(url, newest)).body.refresh_token);
  await refresh(url, newest);

  const { client_id, client_secret } = DEMO_WEB;
  const basic = { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
  const other = await obtainTokens(url, {}, browser);
  await postForm(`${url}/auth/introspect`, { token: other.access_token }, basic);
  await postForm(`${url}/auth/revoke`, { token: other.access_token }, basic);
  const third = await obtainTokens(url, {}, browser);
  await postForm(`${url}/auth/revoke`, { token: third.refresh_token ?? '' }, basic);

  await obtainCode(url, {}, browser);
  const twice = await obtainCode(url, {}, browser);
  await exchange(url, twice);
  await exchange(url, twice);
  await exchange(url, await obtainCode(url, {}, browser), {
    client_secret: 'a wrong secret that somebody tried',
  });
}

/** Secrets in each parameter whose value a refusal may repeat. Refusals are recorded. */
async function misplacedSecrets({ server }: UpstreamWorld, tokens: Tokens): Promise<void> {
  const { url, services } = server;
  const { client_id, client_secret, redirect_uri } = DEMO_WEB;
  const code = await obtainCode(url);
  const secrets = [client_secret, code, tokens.access_token, tokens.refresh_token ?? '', tokens.id_token];
  for (const secret of secrets) {
    for (const name of ['client_id', 'grant_type', 'scope', 'redirect_uri', 'resource', secret])
      await postForm(`${url}/auth/token`, {
        ...DEMO_WEB,
        grant_type: 'authorization_code',
        code: 'unknown',
        [name]: secret,
      });
    // A request with another wrong parameter would be kept as it is, for its interaction.
    const refused = ['client_id', 'redirect_uri', 'response_type', 'response_mode', 'prompt', 'max_age'];
    for (const name of [...refused, 'code_challenge_method', 'request_uri', 'claims'])
      await fetch(authorizationUrl(url, { [name]: secret }), { redirect: 'manual' });
    await fetch(authorizationUrl(url, { redirect_uri: `${redirect_uri}?code=${secret}` }), {
      redirect: 'manual',
    });
    await fetch(
      `${url}/auth/logout?client_id=${client_id}&post_logout_redirect_uri=https://a.example/${secret}`,
    );
    await askToken(server, `Basic ${btoa(`${secret}:x`)}`, {
      client_id: secret,
      scope: secret,
      subject: secret,
    });
    await services.refusalRecorder.flush();
  }
}

/** A sign-in that stops before the password, after a wrong password, and before the consent. */
async function halfWay(url: string, browser: Browser, { id_token }: Tokens): Promise<void> {
  const hinted = { id_token_hint: id_token, prompt: 'login' };
  await browser.follow(await browser.get(authorizationUrl(url, hinted)));
  const [stranger, undecided] = [openBrowser(), openBrowser()];
  const page = await stranger.follow(await stranger.get(authorizationUrl(url, { id_token_hint: id_token })));
  await stranger.submit(page, '/sign-in', {
    email: ADA.email,
    password: 'a wrong password that somebody typed',
  });

  const { code_verifier, ...challenge } = pkce();
  const spa = authorizationUrl(url, { ...DEMO_SPA, ...challenge });
  await undecided.follow(await enterPassword(undecided, await undecided.follow(await undecided.get(spa))));
  const consented = await signIn(url, { browser, parameters: { ...DEMO_SPA, ...challenge } });
  const code = consented.callback.get('code') ?? '';
  await postForm(`${url}/auth/token`, { grant_type: 'authorization_code', code, code_verifier, ...DEMO_SPA });
}

function enterPassword(browser: Browser, page: Page): Promise<Page> {
  return browser.submit(page, '/sign-in', { email: ADA.email, password: ADA.password });
}

/** Pushed requests (RFC 9126): one that is used, one half-way, and one that is never used. */
async function pushedRequests(url: string, browser: Browser, { id_token }: Tokens): Promise<void> {
  const push = async () => {
    const request = { ...DEMO_WEB, response_type: 'code', scope: 'openid', id_token_hint: id_token };
    const { body } = await postForm(`${url}/auth/par`, request);
    return { client_id: DEMO_WEB.client_id, request_uri: String(body.request_uri) };
  };
  const at = (parameters: Record<string, string>) =>
    `${url}/auth/authorize?${new URLSearchParams(parameters)}`;
  await browser.get(at(await push()));
  const stranger = openBrowser();
  await stranger.follow(await stranger.get(at(await push())));
  await push();
}

/** Client assertions (RFC 7523) and DPoP proofs (RFC 9449). */
async function clientKeys({ server: { url }, server }: UpstreamWorld): Promise<void> {
  const key = await aClientKey();
  const { client_id, redirect_uri } = await aClient(server, { jwks: { keys: [key.publicJwk] } });
  const code = await obtainCode(url, { client_id, redirect_uri });
  const assertion = await clientAssertion(key, { clientId: client_id, audience: url });
  const fields = { grant_type: 'authorization_code', code, redirect_uri, ...assertion };
  const dpop = await dpopProof(key, { htu: `${url}/auth/token` });
  const { status } = await postForm(`${url}/auth/token`, fields, { dpop });
  expect(status).toBe(200);
}

/** Sign-ins at the customer's own provider: one finished, one finished twice, and one abandoned. */
async function signInUpstream(world: UpstreamWorld): Promise<void> {
  const client: TestClient = await world.aTenant('open', { first_sign_in: 'create' });
  const person = somebody({ name: 'Katherine Johnson' });
  await world.claimsAfter(await world.signIn(client, person), client);
  await world.callbackOf(client, person, openBrowser());
  const browser = openBrowser();
  const page = await world.authorize(browser, client);
  const away = await browser.follow(page, world.idp.issuer);
  expect(away.location).toContain('state=');
}

/** Links by mail: a password that is set, one that waits, an invitation, and half of a new address. */
async function mailedLinks({ server }: UpstreamWorld): Promise<void> {
  const { url, services, database } = server;
  const ask = async () => {
    const browser = openBrowser();
    const person = await aPerson(server);
    const page = await browser.get(`${url}/recovery/demo`);
    const waiting = await browser.follow(
      await browser.submit(page, '/recovery/demo', { email: person.email }),
    );
    const [mail] = await readMails(server);
    return { browser, person, waiting, form: await browser.get(mail?.link ?? '') };
  };
  const password = 'seven unlikely lanterns hum';
  const { browser, form, person } = await ask();
  await browser.submit(form, '/password', { password, again: password });
  const { browser: undecided, waiting } = await ask();
  const [mail] = await readMails(server);
  await undecided.submit(waiting, '/code', { code: mail?.code ?? '' });

  const invited = await aPerson(server);
  await database.knex('people').where({ id: invited.id }).update({ password_hash: null });
  await services.passwordLinks.invite(invited.id);
  const [invitation] = await readMails(server);
  await openBrowser().get(invitation?.link ?? '');

  const asking = browser.cookies().find(({ name }) => name === 'listo_asking')?.value ?? '';
  const change = { personId: person.id, address: 'another@demo.example', browser: asking };
  await services.addressChanges.ask(change, { address: '192.0.2.1', requestId: 'test' });
  const [old, fresh] = await readMails(server);
  await browser.get(old?.link ?? '');
  await browser.submit(await browser.get(fresh?.link ?? ''), '/address', { decision: 'confirm' });
}
