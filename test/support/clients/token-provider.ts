import { randomUUID } from 'node:crypto';
import { type CryptoKey, createRemoteJWKSet, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { TestServer } from '../servers/test-server.ts';
import { ADA, type Answer, DEMO_WEB, postJson } from './relying-party.ts';
import { signingKey } from './signing-key.ts';

export const ISSUE_TOKEN = '/v1/listnr-token-provider/issue-token';
export const JWKS = '/v1/listnr-token-provider/jwks';

export const DEMO_SERVICE = { id: 'demo-service', secret: 'demo-listnr-secret-not-for-production-01' };
export const DEMO_APP = 'demo-app';
/** The digest of DEMO_SERVICE's secret, for clients that a test registers. */
const DEMO_DIGEST = 'sha256:16708ac95e5322fd4cf14d898b48051f198481a16cb66dcb68d64dad92cec418';

export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
}

export const DEMO_BASIC = basic(DEMO_SERVICE.id, DEMO_SERVICE.secret);

/** Requests a token; undefined `authorization` leaves out the header. */
export function askToken(
  server: Pick<TestServer, 'url'>,
  authorization: string | undefined,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return postJson(server.url + ISSUE_TOKEN, body, {
    ...(authorization === undefined ? {} : { authorization }),
    ...headers,
  });
}

/** The claims of an ID token for Ada at `client_demo_web`, as this server issues it. */
export function adaClaims(server: Pick<TestServer, 'url'>): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: server.url,
    sub: ADA.id,
    aud: DEMO_WEB.client_id,
    iat: now,
    exp: now + 3600,
    name: 'Ada Lovelace',
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: ADA.email,
    email_verified: true,
    client_id: DEMO_WEB.client_id,
    scope: 'openid profile email',
  };
}

/**
 * An ID token for Ada, signed with this server's own key. `claims` replaces some claims (undefined removes one);
 * `header` and `key` replace those for signing.
 */
export async function mintIdToken(
  server: TestServer,
  claims: Record<string, unknown> = {},
  { header = {}, key }: { header?: Record<string, unknown>; key?: CryptoKey | Uint8Array } = {},
): Promise<string> {
  const { current } = server.services.keyRings.oidc;
  const payload = JSON.parse(JSON.stringify({ ...adaClaims(server), ...claims })) as JWTPayload;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', kid: current.kid, typ: 'JWT', ...header })
    .sign(key ?? (await signingKey(server)));
}

/** Verifies a token as in the guide, and returns its claims and header. */
export async function verifyToken(
  server: Pick<TestServer, 'url'>,
  token: unknown,
  { audience, now = new Date() }: { audience: string; now?: Date },
) {
  const { payload, protectedHeader } = await jwtVerify(
    String(token),
    createRemoteJWKSet(new URL(server.url + JWKS)),
    { issuer: server.url, audience, algorithms: ['RS256'], currentDate: now },
  );
  return { payload, header: protectedHeader };
}

/** The SQL that registers a bearer client for ID tokens of `client_demo_web`. `columns` replaces some columns. */
export function bearerClientSql(
  id: string,
  columns: Record<string, string> = {},
  issuers: readonly string[] = [`('${id}', 'self', NULL, '{client_demo_web}', '{RS256}', NULL)`],
): string {
  return `${clientSql(id, { pattern: "'authenticated_user'", ...columns })}
    INSERT INTO listnr_accepted_issuers (client_id, issuer, jwks_uri, audiences, algorithms, subject_prefix)
    VALUES ${issuers.join(', ')};`;
}

/** The SQL that registers a client with the secret of `demo-service`. */
export function secretClientSql(id: string, columns: Record<string, string> = {}): string {
  return `${clientSql(id, { pattern: "'client_credentials'", ...columns })}
    INSERT INTO listnr_client_secrets (client_id, digest) VALUES ('${id}', '${DEMO_DIGEST}');`;
}

/** A person of the demo instance. */
export function personSql({ id = randomUUID(), disabled = false } = {}): { id: string; sql: string } {
  return {
    id,
    sql: `INSERT INTO people (id, instance_id) VALUES ('${id}', 'demo');${disabled ? `UPDATE people SET disabled_at = now() WHERE id = '${id}';` : ''}`,
  };
}

function clientSql(id: string, columns: Record<string, string>): string {
  return `INSERT INTO listnr_clients (id, ${Object.keys(columns).join(', ')}) VALUES ('${id}', ${Object.values(columns).join(', ')});`;
}
