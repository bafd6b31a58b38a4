import { deepStrictEqual as equal } from 'node:assert';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { openBrowser } from '../support/browsers/browser.ts';
import {
  DEMO_WEB,
  exchange,
  getJson,
  obtainCode,
  refresh,
  userinfo,
} from '../support/clients/relying-party.ts';

/**
 * Tests the demo's contract against a running server, from discovery to a verified LiSTNR token: `contract.ts
 * ISSUER`.
 */
const issuer = process.argv[2] ?? 'http://localhost:3000';

const discovery = (await getJson(`${issuer}/.well-known/openid-configuration`)).body;
equal(discovery.issuer, issuer);

const tokens = (await exchange(issuer, await obtainCode(issuer, { nonce: 'smoke' }))).body;
const { payload } = await jwtVerify(
  String(tokens.id_token),
  createRemoteJWKSet(new URL(String(discovery.jwks_uri))),
  {
    issuer,
    audience: DEMO_WEB.client_id,
  },
);
equal(payload.nonce, 'smoke');
equal((await userinfo(issuer, String(tokens.access_token))).body.email, 'ada@demo.example');
equal((await refresh(issuer, String(tokens.refresh_token))).status, 200);

const minted = await fetch(`${issuer}/v1/listnr-token-provider/issue-token`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.id_token}` },
  body: JSON.stringify({ client_id: 'demo-app', scope: 'read:profile' }),
});
const { access_token } = (await minted.json()) as { access_token: string };
const keys = createRemoteJWKSet(new URL(`${issuer}/v1/listnr-token-provider/jwks`));
const listnr = await jwtVerify(access_token, keys, { issuer, audience: 'demo-app', algorithms: ['RS256'] });
equal(listnr.payload.scope, 'read:profile');

const demo = await openBrowser().get(`${issuer}/demo`);
equal(demo.status, 200);
process.stdout.write(
  'Discovery, sign-in, exchange, userinfo, refresh, LiSTNR and the demo page: as promised.\n',
);
