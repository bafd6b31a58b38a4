import { type Browser, openBrowser, type Page, statusAndMessage } from '../../support/browsers/browser.ts';
import { aCertificate } from '../../support/clients/certificates.ts';
import { aFapiClient, type CodeFields, FAPI_CALLBACK } from '../../support/clients/fapi-client.ts';
import { aClientKey, dpopProof } from '../../support/clients/proofs.ts';
import {
  type Answer,
  authorizationUrl,
  brief,
  pkce,
  postForm,
  refused,
  signIn,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, anInstance, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { BEHIND_TLS_PROXY, certificateHeader } from '../../support/servers/tls-proxy.ts';
import { confirm, DEVICE_CODE, type DeviceAnswer } from '../device-flow/world.ts';
import { noticeChanges } from './act.ts';
import { CHANGES } from './document.ts';
import { askSilently, aTenant, obtainCode, redeem, refreshAs, signInTo, type Tenant } from './world.ts';

const CODE = 'authorization_code';
const REFRESH = 'refresh_token';
const INACTIVE = { active: false };

/**
 * Each row of the table "What a registration allows now" in docs/tokens.md is a test of that name. `change` applies
 * the row's statement.
 */
describe('what a registration allows now', () => {
  let server: TestServer;
  let tenant: Tenant;
  beforeAll(async () => {
    server = await startTestServer({ env: BEHIND_TLS_PROXY });
  });
  beforeEach(async () => {
    tenant = await aTenant(server);
  });
  afterAll(() => server.close());

  type Change = (...values: string[]) => Promise<void>;
  const tests: Record<string, (change: Change) => Promise<void>> = {
    async 'a scope is removed from a client'(change) {
      const { web } = tenant;
      const browser = openBrowser();
      const { tokens, code } = await signInTo(server, browser, web, tenant);
      await give(web, { grant_types: `{${CODE},${REFRESH},${DEVICE_CODE}}` });
      const device = await anApprovedDevice(browser, web);
      await change('{openid,profile}', web.client_id);

      for (const answer of [
        await redeem(server.url, web, code),
        await postForm(`${server.url}/auth/token`, device),
        await refreshAs(server.url, web, tokens.refresh_token),
        await refreshAs(server.url, web, tokens.refresh_token, 'openid email'),
      ]) {
        const scope = answer.body.scope;
        expect({ status: answer.status, scope: String(scope).includes('email') }).toEqual({
          status: 200,
          scope: false,
        });
        expect(claimsOf(answer.body.id_token)).not.toHaveProperty('email');
        expect(String(claimsOf(answer.body.id_token).scope)).not.toContain('email');
      }
      const asked = await userinfo(server.url, tokens.access_token);
      expect(asked.status).toBe(200);
      expect(Object.keys(asked.body)).not.toContain('email');
      expect(Object.keys(asked.body)).not.toContain('name');
      expect((await introspect(web, tokens.access_token)).scope).toBe('openid profile');

      await give(web, { scopes: '{openid,profile,email}' });
      const again = await userinfo(server.url, tokens.access_token);
      expect(again.status).toBe(200);
      expect(Object.keys(again.body)).toContain('email');
    },

    async 'a scope is removed while a person signs in'(change) {
      const { spa } = tenant;
      const browser = openBrowser();
      const consent = await toConsent(browser, spa);
      expect(titlesOf(consent)).toEqual([
        'Know who you are',
        'See your name',
        'See your email address',
        'Stay signed in',
      ]);
      await change('{openid,profile}', spa.client_id);
      const shown = await browser.get(consent.url);
      expect(titlesOf(shown)).toEqual(['Know who you are', 'See your name', 'Stay signed in']);
      const back = await browser.follow(
        await browser.submit(shown, '/consent', { decision: 'allow' }),
        spa.redirect_uri,
      );
      expect(back.location).toContain('code=');
      const { knex } = server.database;
      expect(await knex('consents').where({ client_id: spa.client_id }).pluck('scopes')).toEqual([
        ['openid', 'profile'],
      ]);
      expect(await knex('grants').where({ client_id: spa.client_id }).pluck('payload')).toMatchObject([
        { openid: { scope: 'openid profile' } },
      ]);

      const other = openBrowser();
      const page = await toConsent(other, spa, { scope: 'profile', prompt: 'consent' });
      await change('{openid}', spa.client_id);
      const refusal = await other.follow(
        await other.submit(page, '/consent', { decision: 'allow' }),
        spa.redirect_uri,
      );
      expect(new URL(refusal.location ?? '').searchParams.get('error')).toBe('invalid_scope');
    },

    async 'a redirect URI is removed'(change) {
      const { web, spa } = tenant;
      const { tokens, code } = await signInTo(server, openBrowser(), web, tenant);
      await change('{https://elsewhere.example/callback}', web.client_id);
      expect(brief(await redeem(server.url, web, code))).toEqual(
        refused('invalid_grant', 'redirect_uri is not registered for this client any more'),
      );
      expect((await refreshAs(server.url, web, tokens.refresh_token)).status).toBe(200);

      const stopped = {
        status: 400,
        message: 'The application does not use the address any more to which you would return.',
      };
      const [cancelling, allowing] = [openBrowser(), openBrowser()];
      const pages = [await toConsent(cancelling, spa), await toConsent(allowing, spa)] as const;
      const allowed = await allowing.submit(pages[1], '/consent', { decision: 'allow' });
      await change('{https://elsewhere.example/callback}', spa.client_id);
      const cancelled = await cancelling.submit(pages[0], '/consent', { decision: 'deny' });
      expect(statusAndMessage(cancelled)).toEqual(stopped);
      expect(statusAndMessage(await allowing.follow(allowed))).toEqual(stopped);
    },

    async 'a client returns to another host'(change) {
      const { spa } = tenant;
      const browser = openBrowser();
      const { tokens } = await signInTo(server, browser, spa, tenant);
      const askAt = async (redirect_uri: string) => {
        await change(`{${redirect_uri}}`, spa.client_id);
        return (await askSilently(server.url, browser, { ...spa, redirect_uri })).get('error');
      };
      expect(await askAt('http://127.0.0.1:8888/other')).toBeNull();
      expect(await askAt('https://other.example/callback')).toBe('consent_required');
      expect((await refreshAs(server.url, spa, tokens.refresh_token)).status).toBe(200);
      const client = { ...spa, redirect_uri: 'https://other.example/callback' };
      await obtainCode(server.url, { browser, client, person: tenant.person });
      expect(await askAt('https://other.example/elsewhere')).toBeNull();
      expect(await askAt('http://127.0.0.1:8888/other')).toBeNull();
    },

    async 'the refresh grant is removed'(change) {
      const { web } = tenant;
      const { tokens, code } = await signInTo(server, openBrowser(), web, tenant);
      await change(`{${CODE}}`, web.client_id);
      expect((await refreshAs(server.url, web, tokens.refresh_token)).body.error).toBe('unauthorized_client');
      expect(await introspect(web, tokens.refresh_token)).toEqual(INACTIVE);
      const redeemed = await redeem(server.url, web, code);
      expect(redeemed.status).toBe(200);
      expect(Object.keys(redeemed.body)).not.toContain('refresh_token');
      expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);

      await give(web, { grant_types: `{${CODE},${REFRESH}}` });
      expect((await refreshAs(server.url, web, tokens.refresh_token)).status).toBe(200);
      await give(web, { grant_types: `{${CODE}}` });
      const { client_id, client_secret } = web;
      await postForm(`${server.url}/auth/revoke`, { token: tokens.refresh_token, client_id, client_secret });
      expect((await userinfo(server.url, tokens.access_token)).status).toBe(401);
    },

    async 'the code grant is removed'(change) {
      const { web } = tenant;
      const { tokens, code } = await signInTo(server, openBrowser(), web, tenant);
      await change(`{${REFRESH}}`, web.client_id);
      expect((await redeem(server.url, web, code)).body.error).toBe('unauthorized_client');
      expect((await refreshAs(server.url, web, tokens.refresh_token)).status).toBe(200);
      expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
    },

    async 'introspection is taken from an API'(change) {
      const { web, instance } = tenant;
      const api = await aClient(server, { instance_id: instance, may_introspect: true });
      const { tokens } = await signInTo(server, openBrowser(), web, tenant);
      expect((await introspect(api, tokens.access_token)).active).toBe(true);
      await change(api.client_id);
      expect(await introspect(api, tokens.access_token)).toEqual(INACTIVE);
    },

    async 'DPoP becomes required'(change) {
      for (const client of [tenant.web, tenant.spa]) {
        const { tokens } = await signInTo(server, openBrowser(), client, tenant);
        await change(client.client_id);
        expect(await userinfo(server.url, tokens.access_token)).toMatchObject({
          status: 401,
          body: {
            error: 'invalid_token',
            error_description:
              "The client's access tokens must be bound to a key now: get one with a DPoP proof",
          },
        });
        if (client === tenant.web) expect((await introspect(client, tokens.access_token)).active).toBe(false);
        const proven = await refreshWithProof(client, tokens);
        if (client === tenant.web)
          expect({ status: proven.status, token_type: proven.body.token_type }).toEqual({
            status: 200,
            token_type: 'DPoP',
          });
        else
          expect(brief(proven)).toEqual(
            refused(
              'invalid_grant',
              "The client's refresh tokens must be bound to a key now: the person has to sign in again",
            ),
          );
      }
    },

    async 'a certificate becomes required'(change) {
      for (const client of [tenant.web, tenant.spa]) {
        const { tokens } = await signInTo(server, openBrowser(), client, tenant);
        await change(client.client_id);
        expect(await userinfo(server.url, tokens.access_token)).toMatchObject({
          status: 401,
          body: {
            error: 'invalid_token',
            error_description:
              "The client's access tokens must be bound to a key now: get one with a certificate",
          },
        });
        if (client === tenant.web) expect((await introspect(client, tokens.access_token)).active).toBe(false);
        const { client_id, client_secret } = client;
        const fields = { grant_type: REFRESH, refresh_token: String(tokens.refresh_token), client_id };
        const answer = await postForm(
          `${server.url}/auth/token`,
          { ...fields, ...(client_secret ? { client_secret } : {}) },
          certificateHeader(aCertificate()),
        );
        if (client === tenant.web) expect(answer.status).toBe(200);
        else
          expect(brief(answer)).toEqual(
            refused(
              'invalid_grant',
              "The client's refresh tokens must be bound to a key now: the person has to sign in again",
            ),
          );
      }
    },

    async 'PKCE becomes required'(change) {
      const { web } = tenant;
      const browser = openBrowser();
      const asked = { code_challenge: '', code_challenge_method: '' };
      const { code } = await obtainCode(server.url, {
        ...{ browser, client: web, person: tenant.person, parameters: asked },
      });
      await change(web.client_id);
      const { client_id, client_secret, redirect_uri } = web;
      const fields = { grant_type: CODE, code, redirect_uri, client_id, client_secret };
      expect(brief(await postForm(`${server.url}/auth/token`, fields))).toEqual(
        refused('invalid_grant', 'code_verifier is missing'),
      );
    },

    async 'a client gets a FAPI profile'(change) {
      const party = await aFapiClient(server, { security_profile: 'standard', require_pkce: false });
      const browser = openBrowser();
      const parameters = { client_id: party.client_id, redirect_uri: FAPI_CALLBACK };
      const code = async () => {
        const { callback } = await signIn(server.url, { browser, parameters });
        const fields = { grant_type: CODE, code: String(callback.get('code')), redirect_uri: FAPI_CALLBACK };
        return fields as CodeFields;
      };
      const { body } = await party.exchange(await code(), { dpop: '' });
      expect(body.token_type).toBe('Bearer');
      const late = await code();
      await give(party, { require_pkce: true });
      await change(party.client_id);
      // The key that signs for it was made just now.
      await noticeChanges(server);

      const { access_token, refresh_token } = body as unknown as Required<Tokens>;
      expect((await userinfo(server.url, access_token)).body.error_description).toBe(
        "The client's access tokens must be bound to a key now: get one with a DPoP proof",
      );
      expect((await party.refresh(refresh_token, { dpop: '' })).body.error).toBe('invalid_dpop_proof');
      for (let times = 0; times < 2; times += 1)
        expect((await party.refresh(refresh_token)).body).toMatchObject({
          ...{ refresh_token, token_type: 'DPoP' },
        });
      expect(brief(await party.exchange(late))).toEqual(refused('invalid_grant', 'code_verifier is missing'));
    },

    async 'an instance signs people in another way'(change) {
      const { web, instance } = tenant;
      const browser = openBrowser();
      const { tokens, code } = await signInTo(server, browser, web, tenant);
      await server.database.knex('upstream_providers').insert({
        ...{ instance_id: instance, issuer: 'https://idp.example', client_id: 'listo' },
      });
      await change('oidc', instance);
      expect((await redeem(server.url, web, code)).status).toBe(200);
      expect((await refreshAs(server.url, web, tokens.refresh_token)).status).toBe(200);
      expect((await obtainCode(server.url, { browser, client: web, person: tenant.person })).code).not.toBe(
        '',
      );
    },

    async 'a client is moved to another instance'(change) {
      const other = await anInstance(server);
      await expect(change(other, tenant.web.client_id)).rejects.toMatchObject({
        constraint: 'client_instance_fixed',
      });
      const move = server.database.knex('people').where({ id: tenant.person.id });
      await expect(move.update({ instance_id: other })).rejects.toMatchObject({
        constraint: 'person_instance_fixed',
      });
    },
  };

  it.each(CHANGES)('$what', async ({ what, sql }) => {
    await tests[what]?.(async (...values) => {
      expect(sql.match(/'…'/g) ?? []).toHaveLength(values.length);
      await server.database.knex.raw(sql.replaceAll("'…'", '?'), values);
      await noticeChanges(server);
    });
  });

  it('is what docs/tokens.md says, and every line of it is tested', () => {
    expect(Object.keys(tests)).toEqual(CHANGES.map(({ what }) => what));
  });

  async function give({ client_id }: Pick<TestClient, 'client_id'>, columns: object): Promise<void> {
    await server.database.knex('clients').where({ id: client_id }).update(columns);
    await noticeChanges(server);
  }

  async function introspect({ client_id, client_secret }: TestClient, token: string) {
    const fields = { token, client_id, ...(client_secret ? { client_secret } : {}) };
    return (await postForm(`${server.url}/auth/introspect`, fields)).body;
  }

  /** The fields with which it asks for its tokens. */
  async function anApprovedDevice(
    browser: Browser,
    { client_id, client_secret }: TestClient,
  ): Promise<Record<string, string>> {
    const client = { client_id, client_secret };
    const { body } = await postForm(`${server.url}/auth/device_authorization`, {
      ...client,
      scope: 'openid email',
    });
    await confirm(browser, body as unknown as DeviceAnswer);
    return { ...client, grant_type: DEVICE_CODE, device_code: String(body.device_code) };
  }

  async function toConsent(
    browser: Browser,
    client: TestClient,
    parameters: Record<string, string> = {},
  ): Promise<Page> {
    const { client_id, redirect_uri } = client;
    const { email, password } = tenant.person;
    const { code_verifier: _, ...challenge } = pkce();
    const url = authorizationUrl(server.url, { client_id, redirect_uri, ...challenge, ...parameters });
    const signIn = await browser.follow(await browser.get(url));
    return browser.follow(await browser.submit(signIn, '/sign-in', { email, password }));
  }

  async function refreshWithProof(client: TestClient, tokens: Required<Tokens>): Promise<Answer> {
    const htu = `${server.url}/auth/token`;
    const { client_id, client_secret } = client;
    const fields = {
      ...{ grant_type: REFRESH, refresh_token: tokens.refresh_token, client_id },
      ...(client_secret ? { client_secret } : {}),
    };
    return postForm(htu, fields, { dpop: await dpopProof(await aClientKey(), { htu }) });
  }
});

function titlesOf({ html }: Page): string[] {
  return [...html.matchAll(/<strong class="grants__title">([^<]*)</g)].map(([, title = '']) => title);
}

function claimsOf(token: unknown): Record<string, unknown> {
  return JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString());
}
