import { decodeJwt } from 'jose';
import { openBrowser, type Page } from '../../support/browsers/browser.ts';
import { exchange, refresh } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import type { UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  answerOf,
  CLIENT,
  CODE,
  somebody,
  startUpstreamWorld,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let idp: UpstreamIdp;
/** Clients of an instance whose provider's amr is passed on, and of one whose is not. */
let trusting: TestClient;
let silent: TestClient;
beforeAll(async () => {
  world = await startUpstreamWorld();
  ({ idp } = world);
  trusting = await world.aTenant('trusting', { first_sign_in: 'create', pass_amr: true });
  silent = await world.aTenant('silent', { first_sign_in: 'create' });
});
afterAll(() => world.close());
beforeEach(() => {
  idp.alterUserinfo = undefined;
  idp.alterIdToken = (claims) => ({ ...claims, amr: ['pwd', 'otp', 'mfa'] });
});

async function tokensOf(page: Page, client: TestClient): Promise<Record<string, unknown>> {
  return (await exchange(world.server.url, answerOf(page).code ?? '', { ...client })).body;
}

/** How the person signed in, as the ID token says. */
function methodsIn({ id_token }: Record<string, unknown>) {
  const { amr, acr } = decodeJwt(String(id_token));
  return { amr, acr };
}

const BOTH = { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:listo:acr:two-factors' };

describe('how a person signed in at a customer’s own provider', () => {
  it('is in no ID token, unless the registration of the provider says so', async () => {
    const page = await world.signIn(silent, somebody());
    expect(methodsIn(await tokensOf(page, silent))).toEqual({ amr: undefined, acr: undefined });
  });

  it('is in ID tokens, also after a refresh, and of another application', async () => {
    const browser = openBrowser();
    const tokens = await tokensOf(await world.signIn(trusting, somebody(), { browser }), trusting);
    expect(methodsIn(tokens)).toEqual(BOTH);
    const refreshed = await refresh(world.server.url, String(tokens.refresh_token), { ...trusting });
    expect(methodsIn(refreshed.body)).toEqual(BOTH);

    const other = await aClient(world.server, { instance_id: 'trusting' });
    const silently = await browser.follow(await world.authorize(browser, other), CLIENT);
    expect(answerOf(silently)).toEqual(CODE);
    expect(methodsIn(await tokensOf(silently, other))).toEqual(BOTH);
  });

  it.each<[unknown, string[] | undefined, string | undefined]>([
    [['pwd'], ['pwd'], 'urn:listo:acr:one-factor'],
    ['hwk', ['hwk'], 'urn:listo:acr:one-factor'],
    [['pwd', 'x'.repeat(101), 'a b', 'mfa'], ['pwd', 'mfa'], 'urn:listo:acr:two-factors'],
    [[], undefined, undefined],
    [undefined, undefined, undefined],
    [{ mfa: true }, undefined, undefined],
  ])('as %j is %j, with the acr %s', async (said, amr, acr) => {
    idp.alterIdToken = (claims) => ({ ...claims, amr: said }) as typeof claims;
    const page = await world.signIn(trusting, somebody());
    expect(methodsIn(await tokensOf(page, trusting))).toEqual({ amr, acr });
  });

  it('is said by its ID token alone, and so is when', async () => {
    idp.alterIdToken = ({ auth_time: _when, ...claims }) => claims;
    idp.alterUserinfo = (claims) => ({
      ...claims,
      amr: ['mfa'],
      auth_time: Math.floor(Date.now() / 1000),
    });
    const page = await world.signIn(trusting, somebody());
    expect(methodsIn(await tokensOf(page, trusting))).toEqual({ amr: undefined, acr: undefined });
    const recent = await world.signIn(trusting, somebody(), { parameters: { max_age: '600' } });
    expect(answerOf(recent).error).toBe('login_required');
  });
});
