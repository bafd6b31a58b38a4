import { randomUUID } from 'node:crypto';
import { openBrowser } from '../../support/browser.ts';
import { aClient } from '../../support/factories.ts';
import { aClientKey, clientAssertion, dpopProof } from '../../support/proofs.ts';
import { type PreparedRequest, releaseTogether } from '../../support/released-together.ts';
import { DEMO_WEB, postForm } from '../../support/relying-party.ts';
import {
  aRunner,
  fifty,
  newCode,
  RACE_MS,
  ROUNDS,
  type TwoServers,
  tally,
  tokenRequest,
} from './two-servers.ts';

export function proofRaces(servers: () => TwoServers): void {
  it(
    'accept a client assertion once',
    async () => {
      const { issuer, at } = servers();
      const key = await aClientKey();
      const { client_id } = await aClient(servers(), { jwks: { keys: [key.publicJwk] } });
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
    'accept a DPoP proof once: for tokens, and for userinfo',
    async () => {
      const { issuer, at } = servers();
      const key = await aClientKey();
      const runner = await aRunner(servers());
      const browser = openBrowser();
      const proof = await dpopProof(key, { htu: `${issuer}/auth/token` });
      const fields = { grant_type: 'authorization_code', code: await newCode(servers(), runner, browser) };
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
        expect(tally(asked)).toEqual({ 200: 1, '401 invalid_token': 49 });

        const refreshing = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) };
        const again = await dpopProof(key, { htu: `${issuer}/auth/token` });
        const refreshed = await releaseTogether(
          fifty((n) => tokenRequest(at(n), refreshing, { dpop: again })),
        );
        body.refresh_token = refreshed.find(({ status }) => status === 200)?.body.refresh_token;
        expect(tally(refreshed)).toEqual({ 200: 1, '400 invalid_grant': 49 });
      }
    },
    RACE_MS,
  );
}

function formRequest(url: string, fields: Record<string, string>): PreparedRequest {
  return {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}
