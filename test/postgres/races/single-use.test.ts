import { randomUUID } from 'node:crypto';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey, clientAssertion, dpopProof, requestObject } from '../../support/clients/proofs.ts';
import { type PreparedRequest, releaseTogether } from '../../support/clients/released-together.ts';
import { DEMO_WEB, postForm } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import {
  aRunner,
  cookieHeader,
  expectNothingAlive,
  fifty,
  newCode,
  RACE_MS,
  ROUNDS,
  startTwoServers,
  type TwoServers,
  tally,
  tokenRequest,
  tokensIn,
} from './two-servers.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Releases fifty requests together at two processes, in twenty rounds for each race. */
describe('two servers on one database', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers();
  });
  afterAll(() => servers.close());

  it(
    'give a code its tokens once, and end them because it was used again',
    async () => {
      const { at } = servers;
      const runner = await aRunner(servers);
      const browser = openBrowser();
      for (let round = 0; round < ROUNDS; round += 1) {
        const code = await newCode(servers, runner, browser);
        const replies = await releaseTogether(
          fifty((n) => tokenRequest(at(n), { grant_type: 'authorization_code', code })),
        );
        expect(tally(replies)).toEqual({ 200: 1, '400 invalid_grant': 49 });
        await expectNothingAlive(servers, runner, tokensIn(replies));
      }
    },
    RACE_MS,
  );

  it(
    'answer a pushed request with a code once',
    async () => {
      const { at, issuer } = servers;
      const browser = openBrowser();
      await newCode(servers, await aRunner(servers), browser);
      for (let round = 0; round < ROUNDS; round += 1) {
        const request = { ...DEMO_WEB, response_type: 'code', scope: 'openid' };
        const { body } = await postForm(`${issuer}/auth/par`, request);
        const { client_id } = DEMO_WEB;
        const query = new URLSearchParams({ client_id, request_uri: String(body.request_uri) });
        const replies = await releaseTogether(
          fifty((n) => ({
            url: `${at(n)}/auth/authorize?${query}`,
            headers: cookieHeader(browser, '/auth/authorize'),
          })),
        );
        // A request that finds it used gets a page; one that comes second to use it is answered at the client.
        const { code, ...refused } = tally(replies);
        expect(code).toBe(1);
        expect(['400 invalid_request_uri', 'invalid_request_uri']).toEqual(
          expect.arrayContaining(Object.keys(refused)),
        );
      }
    },
    RACE_MS,
  );

  it(
    'give a device code its tokens once, and end them because it was used again',
    async () => {
      const { database, issuer, at } = servers;
      const { client_id } = await aClient(servers, {
        type: 'public',
        redirect_uris: [],
        grant_types: [DEVICE_CODE, 'refresh_token'],
      });
      const runner = await aRunner(servers);
      const browser = openBrowser();
      await newCode(servers, runner, browser);
      // The person is signed in, and has no grants yet.
      await database.knex('grants').where({ person_id: runner.id }).delete();
      for (let round = 0; round < ROUNDS; round += 1) {
        const { body } = await postForm(`${issuer}/auth/device_authorization`, {
          client_id,
          scope: 'openid',
        });
        const page = await browser.get(String(body.verification_uri_complete));
        await browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
        const fields = { grant_type: DEVICE_CODE, client_id, device_code: String(body.device_code) };
        const replies = await releaseTogether(
          fifty((n) => ({
            url: `${at(n)}/auth/token`,
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams(fields).toString(),
          })),
        );
        expect(tally(replies)).toEqual({ 200: 1, '400 invalid_grant': 49 });
        await expectNothingAlive(servers, runner, []);
        expect(tokensIn(replies)).toHaveLength(1);
      }
    },
    RACE_MS,
  );

  it(
    'accept a client assertion once',
    async () => {
      const { issuer, at } = servers;
      const key = await aClientKey();
      const { client_id } = await aClient(servers, { jwks: { keys: [key.publicJwk] } });
      for (let round = 0; round < ROUNDS; round += 1) {
        const assertion = await clientAssertion(key, { clientId: client_id, audience: issuer });
        const replies = await releaseTogether(
          fifty((n) => formRequest(`${at(n)}/auth/introspect`, { token: randomUUID(), ...assertion })),
        );
        expect(tally(replies)).toEqual({ 200: 1, '401 invalid_client': 49 });
      }
    },
    RACE_MS,
  );

  it(
    'accept a pushed request object with a jti once',
    async () => {
      const { issuer, at } = servers;
      const key = await aClientKey();
      const { client_id, redirect_uri } = await aClient(servers, { jwks: { keys: [key.publicJwk] } });
      const names = { clientId: client_id, audience: issuer };
      const asked = { response_type: 'code', redirect_uri, scope: 'openid' };
      for (let round = 0; round < ROUNDS; round += 1) {
        const request = await requestObject(key, names, { ...asked, jti: randomUUID() });
        const assertions = await Promise.all(Array.from({ length: 50 }, () => clientAssertion(key, names)));
        const replies = await releaseTogether(
          assertions.map((assertion, n) => formRequest(`${at(n)}/auth/par`, { request, ...assertion })),
        );
        expect(tally(replies)).toEqual({ 201: 1, '400 invalid_request_object': 49 });
      }
    },
    RACE_MS,
  );

  it(
    'accept a DPoP proof once: for tokens, and for userinfo',
    async () => {
      const { issuer, at } = servers;
      const key = await aClientKey();
      const runner = await aRunner(servers);
      const browser = openBrowser();
      const proof = await dpopProof(key, { htu: `${issuer}/auth/token` });
      const fields = { grant_type: 'authorization_code', code: await newCode(servers, runner, browser) };
      const { client_id, client_secret, redirect_uri } = DEMO_WEB;
      const { body } = await postForm(
        `${issuer}/auth/token`,
        { ...fields, client_id, client_secret, redirect_uri },
        { dpop: proof },
      );
      const accessToken = String(body.access_token);
      for (let round = 0; round < ROUNDS; round += 1) {
        const dpop = await dpopProof(key, { htm: 'GET', htu: `${issuer}/auth/userinfo`, accessToken });
        const asked = await releaseTogether(
          fifty((n) => ({
            url: `${at(n)}/auth/userinfo`,
            headers: { authorization: `DPoP ${accessToken}`, dpop },
          })),
        );
        expect(tally(asked)).toEqual({ 200: 1, '401 invalid_dpop_proof': 49 });

        const refreshing = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) };
        const again = await dpopProof(key, { htu: `${issuer}/auth/token` });
        const refreshed = await releaseTogether(
          fifty((n) => tokenRequest(at(n), refreshing, { dpop: again })),
        );
        body.refresh_token = refreshed.find(({ status }) => status === 200)?.body.refresh_token;
        expect(tally(refreshed)).toEqual({ 200: 1, '400 invalid_dpop_proof': 49 });
      }
    },
    RACE_MS,
  );
});

function formRequest(url: string, fields: Record<string, string>): PreparedRequest {
  return {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}
