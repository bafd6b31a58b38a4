import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose';
import { dropCompromisedKeys, rotateKeys } from '../../../src/keys/rotate-keys.ts';
import { DEMO_WEB, getJson, obtainTokens, userinfo } from '../../support/clients/relying-party.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('rotating the keys of OpenID Connect', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /** A process does this once a second. */
  const followChanges = () => runJob(server, 'watch-versions');
  const published = async () =>
    (await getJson(`${server.url}/auth/jwks`)).body as { keys: { kid: string }[] };
  const kids = async () => (await published()).keys.map(({ kid }) => kid);
  const policy = (publicationSeconds: number) => ({
    ...server.services.rotation,
    policy: { ...server.services.rotation.policy, publicationSeconds },
  });

  it('publishes the next key before it signs, and keeps the old one for what it signed', async () => {
    const [first = ''] = await kids();
    const before = await obtainTokens(server.url);

    await rotateKeys('oidc', policy(3600), { force: true });
    await followChanges();
    const [current, next = ''] = await kids();
    expect(current).toBe(first);
    const cached = createLocalJWKSet((await published()) as never);
    expect((await jwtVerify((await obtainTokens(server.url)).id_token, cached)).protectedHeader.kid).toBe(
      first,
    );

    await server.database
      .knex('signing_keys')
      .where({ kid: next })
      .update({ promote_after: new Date(0) });
    await rotateKeys('oidc', policy(3600));
    await followChanges();
    const after = await obtainTokens(server.url);
    // A verifier that read the keys before the switch knows the new one.
    expect(
      (await jwtVerify(after.id_token, cached, { audience: DEMO_WEB.client_id })).protectedHeader.kid,
    ).toBe(next);
    expect(await kids()).toEqual([next, first]);
    expect((await userinfo(server.url, before.access_token)).status).toBe(200);
  });

  it('made by two replicas at once is made once', async () => {
    const count = async () =>
      Number(
        (await server.database.knex('signing_keys').where({ key_set: 'oidc' }).count({ n: '*' }).first())?.n,
      );
    const before = await count();
    await Promise.all([
      rotateKeys('oidc', policy(3600), { force: true }),
      rotateKeys('oidc', policy(3600), { force: true }),
    ]);
    expect(await count()).toBe(before + 1);
  });

  it('in an emergency drops the key at once: what it signed is worth nothing', async () => {
    const stolen = await obtainTokens(server.url);
    await dropCompromisedKeys('oidc', server.services.rotation);
    await followChanges();
    expect((await userinfo(server.url, stolen.access_token)).status).toBe(401);
    const fresh = await obtainTokens(server.url);
    const keys = createRemoteJWKSet(new URL(`${server.url}/auth/jwks`));
    await jwtVerify(fresh.id_token, keys, { audience: DEMO_WEB.client_id });
    await expect(jwtVerify(stolen.id_token, keys)).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    });
  });

  it('removes a retired key when nothing it signed can be alive', async () => {
    await server.database
      .knex('signing_keys')
      .where({ state: 'retired' })
      .update({ retired_at: new Date(0) });
    await rotateKeys('oidc', server.services.rotation);
    await followChanges();
    expect(await server.database.knex('signing_keys').where({ state: 'retired', key_set: 'oidc' })).toEqual(
      [],
    );
  });
});
