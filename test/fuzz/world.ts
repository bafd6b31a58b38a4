import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { freePort } from '../../scripts/free-port.ts';
import { bearerClientSql } from '../support/clients/token-provider.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { startUpstreamIdp, UPSTREAM_SECRET, type UpstreamIdp } from '../support/upstream/upstream-idp.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const EXTERNAL_ISSUER = 'https://securetoken.google.com/listo-demo';
/** Clients of the fuzz, besides those of the demo. */
export const KEYS_CLIENT = 'client_with_keys';
export const DPOP_CLIENT = 'client_with_dpop';
export const DEVICE_CLIENT = 'client_of_devices';
export const UPSTREAM_CLIENT = 'client_of_upstream';
export const EXTERNAL_CLIENT = 'listnr_external';
export const UPSTREAM_INSTANCE = 'upstream';

/** A server with everybody who may send it a JWT: clients with keys, an external issuer, a customer's own provider. */
export interface World {
  server: TestServer;
  internalUrl: string;
  idp: UpstreamIdp;
  clientKey: JWK;
  externalKey: JWK;
  /** Receives every line that the server logs, instead of memory. */
  lines: string[];
  close(): Promise<void>;
}

export async function startWorld(env: Record<string, string> = {}): Promise<World> {
  const internalPort = await freePort();
  const lines: string[] = [];
  const server = await startTestServer({
    env: {
      TRUSTED_PROXIES: '127.0.0.1,::1',
      CLIENT_CERTIFICATE_HEADER: 'rfc9440',
      INTERNAL_PORT: String(internalPort),
      ...env,
    },
    onLog: (text) => lines.push(text),
  });
  const idp = await startUpstreamIdp({ redirectUri: `${server.url}/auth/upstream/callback` });
  const clientKey = await aKey('ES256', 'client');
  const externalKey = await aKey('RS256', 'external');
  const keyHost = createServer((_req, res) => {
    const { kty, n, e, kid, alg } = externalKey;
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ keys: [{ kty, n, e, kid, alg, use: 'sig' }] }));
  });
  await new Promise<void>((listening) => keyHost.listen(0, '127.0.0.1', listening));
  await register(server, {
    idp,
    clientKey,
    keysAt: `http://127.0.0.1:${(keyHost.address() as AddressInfo).port}/`,
  });
  return {
    server,
    internalUrl: `http://localhost:${internalPort}`,
    idp,
    clientKey,
    externalKey,
    lines,
    async close() {
      await server.close();
      await idp.close();
      keyHost.closeAllConnections();
      await new Promise((closed) => keyHost.close(closed));
    },
  };
}

async function register(
  server: TestServer,
  {
    idp,
    clientKey: { d: _private, ...publicJwk },
    keysAt,
  }: { idp: UpstreamIdp; clientKey: JWK; keysAt: string },
): Promise<void> {
  const { knex } = server.database;
  await knex.transaction(async (trx) => {
    const [id, name] = [UPSTREAM_INSTANCE, 'The upstream company'];
    await trx('instances').insert({ id, name, authentication: 'oidc', brand_color: '#123456' });
    await trx('upstream_providers').insert({
      instance_id: id,
      issuer: idp.issuer,
      client_id: 'listo',
      first_sign_in: 'create',
      client_secret_sealed: server.services.box.seal(UPSTREAM_SECRET, `upstream:${id}`),
    });
  });
  const jwks = { keys: [publicJwk] };
  await aClient(server, { id: KEYS_CLIENT, jwks, may_introspect: true });
  await aClient(server, { id: DPOP_CLIENT, type: 'public', require_dpop: true });
  await aClient(server, {
    id: DEVICE_CLIENT,
    type: 'public',
    redirect_uris: [],
    grant_types: [DEVICE_GRANT, 'refresh_token'],
  });
  await aClient(server, { id: UPSTREAM_CLIENT, instance_id: UPSTREAM_INSTANCE });
  await server.seed(
    bearerClientSql(EXTERNAL_CLIENT, { claims: "'{email,display_name,first_name}'" }, [
      `('${EXTERNAL_CLIENT}', '${EXTERNAL_ISSUER}', '${keysAt}', '{listo-demo}', '{RS256}', 'firebase:')`,
      `('${EXTERNAL_CLIENT}', 'self', NULL, '{client_demo_web}', '{RS256}', 'listo:')`,
    ]),
  );
}

async function aKey(alg: string, kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, kid };
}
