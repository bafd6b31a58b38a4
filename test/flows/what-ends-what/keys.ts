import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { freePort } from '../../../scripts/free-port.ts';
import { dropCompromisedKeys, rotateKeys } from '../../../src/keys/rotate-keys.ts';
import { startServer } from '../../../src/server.ts';
import { askToken, JWKS } from '../../support/clients/token-provider.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { type Acts, type Afterwards, noticeChanges } from './act.ts';
import type { World } from './world.ts';

/** Acts of operators. */
export const KEYS: Acts = {
  'a signing key is rotated': async ({ server }) => {
    const rotation = {
      ...server.services.rotation,
      policy: { ...server.services.rotation.policy, publicationSeconds: 0 },
    };
    const { kid } = server.services.keyRings.oidc.current;
    await rotateKeys('oidc', rotation, { force: true });
    await rotateKeys('oidc', rotation);
    await noticeChanges(server);
    expect(server.services.keyRings.oidc.current.kid).not.toBe(kid);
  },

  'a signing key is dropped': async ({ server }) => {
    await dropCompromisedKeys('oidc', server.services.rotation);
  },

  "LiSTNR's signing key is dropped": async ({ server, signIns }) => {
    const { listnrClient, tokens } = signIns['laptop at web'];
    const { body } = await askToken(server, `Bearer ${tokens.id_token}`, { client_id: listnrClient });
    await verifyListnrToken(server, body.access_token);
    await dropCompromisedKeys('listnr', server.services.rotation);
    await noticeChanges(server);
    await expect(verifyListnrToken(server, body.access_token)).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    });
  },

  'a refresh token key is removed': async (world, _sql, afterwards) => {
    await restartWith(world, { refreshTokenKeys: ['another-refresh-token-key-0123456789-01'] }, afterwards);
  },

  'the cookie keys are replaced': async (world, _sql, afterwards) => {
    await restartWith(world, { cookieKeys: ['another-cookie-key-0123456789-0123456789'] }, afterwards);
  },
};

async function verifyListnrToken(server: TestServer, token: unknown): Promise<void> {
  const jwks = (await (await fetch(server.url + JWKS)).json()) as JSONWebKeySet;
  await jwtVerify(String(token), createLocalJWKSet(jwks));
}

/** Replaces the server by another one on the same database, with other secrets. */
async function restartWith(
  world: World,
  secrets: Partial<TestServer['services']['config']['secrets']>,
  afterwards: Afterwards,
): Promise<void> {
  const { config, logger } = world.server.services;
  const port = await freePort();
  const other = await startServer(
    { ...config, port, secrets: { ...config.secrets, ...secrets } },
    { logger, database: { ...world.server.database, close: async () => {} } },
  );
  afterwards(async () => {
    await other.close();
    delete world.servedAt[world.server.url];
  });
  world.url = `http://localhost:${port}`;
  world.servedAt[world.server.url] = world.url;
}
