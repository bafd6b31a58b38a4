import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { dropCompromisedKeys, rotateKeys } from '../../../src/keys/rotate-keys.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../../src/keys/signing-key.ts';
import type { Browser } from '../../support/browsers/browser.ts';
import {
  authorizationUrl,
  getJson,
  postForm,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken } from '../../support/clients/token-provider.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import { openWorld, SERVICE, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Carries out what is due, with these lifetimes instead of the usual ones. */
const rotate = (lifetimes: { publicationSeconds?: number; retirementSeconds?: number }, force = false) => {
  const { rotation } = world.server.services;
  return rotateKeys('oidc', { ...rotation, policy: { ...rotation.policy, ...lifetimes } }, { force });
};
const published = async () =>
  (await getJson(`${world.server.url}/auth/jwks`)).body.keys as { alg: string; kid: string; kty: string }[];
/** The states and names of the keys of an algorithm, as the operator sees them. */
const listed = async (alg: KeyAlgorithm) =>
  (await runOn(world.server.database, ['keys', 'list', 'oidc'])).out
    .map((line) => line.split(' '))
    .filter(([, name]) => name === alg)
    .map(([state, , kid]) => ({ state, kid }));
const kidOf = (token: string) => String(decodeProtectedHeader(token).kid);

/** Where tokens are accepted now. */
async function accepted(
  alg: KeyAlgorithm,
  { browser, tokens }: { browser: Browser; tokens: Required<Tokens> },
) {
  const { url } = world.server;
  const { client_id, client_secret, redirect_uri } = world.clients[alg];
  const { access_token: token, id_token: hint } = tokens;
  const introspected = await postForm(`${url}/auth/introspect`, { token, client_id, client_secret });
  const atListnr = await askToken(world.server, `Bearer ${hint}`, { client_id: SERVICE });
  const silently = authorizationUrl(url, { client_id, redirect_uri, prompt: 'none', id_token_hint: hint });
  const { location = '' } = await browser.get(silently);
  return {
    userinfo: (await userinfo(url, token)).status === 200,
    introspection: introspected.body.active,
    listnr: atListnr.status === 200,
    hint: new URL(location).searchParams.has('code'),
  };
}
const EVERYWHERE = { userinfo: true, introspection: true, listnr: true, hint: true };

describe.each(KEY_ALGORITHMS)('the keys of %s rotate by themselves', (alg) => {
  it('published before they sign, good while they are retired, and then for hints alone', async () => {
    const verify = (keys: ReturnType<typeof createRemoteJWKSet>, token: string) =>
      jwtVerify(token, keys, { issuer: world.server.url, algorithms: [alg] });
    const [first] = await listed(alg);
    const before = await world.signIn(alg);
    expect(first).toEqual({ state: 'current', kid: kidOf(before.tokens.id_token) });
    expect(kidOf(before.tokens.access_token)).toBe(first?.kid);

    await rotate({ publicationSeconds: 3600 }, true);
    await world.followKeys();
    const [, next] = await listed(alg);
    expect(await listed(alg)).toEqual([first, { state: 'next', kid: next?.kid }]);
    expect((await published()).map(({ kid }) => kid)).toContain(next?.kid);
    expect(kidOf((await world.signIn(alg)).tokens.id_token)).toBe(first?.kid);
    expect(kidOf(await world.signedAnswer(alg, before.browser))).toBe(first?.kid);
    // This verifier reads the keys now, and never again.
    const cached = createRemoteJWKSet(new URL(`${world.server.url}/auth/jwks`), {
      cooldownDuration: Number.POSITIVE_INFINITY,
      cacheMaxAge: Number.POSITIVE_INFINITY,
    });
    await verify(cached, before.tokens.id_token);

    await world.server.database
      .knex('signing_keys')
      .where({ kid: next?.kid })
      .update({ promote_after: new Date(0) });
    await rotate({});
    await world.followKeys();
    const after = await world.signIn(alg);
    expect(kidOf(after.tokens.id_token)).toBe(next?.kid);
    expect(kidOf(after.tokens.access_token)).toBe(next?.kid);
    await verify(cached, after.tokens.id_token);
    await verify(cached, after.tokens.access_token);
    const { protectedHeader, payload } = await verify(cached, await world.signedAnswer(alg, after.browser));
    expect(protectedHeader.kid).toBe(next?.kid);
    expect(payload.code).toEqual(expect.any(String));
    expect(await listed(alg)).toEqual([
      { state: 'current', kid: next?.kid },
      { state: 'retired', kid: first?.kid },
    ]);
    expect(await accepted(alg, before)).toEqual(EVERYWHERE);
    expect(await accepted(alg, after)).toEqual(EVERYWHERE);

    await rotate({ retirementSeconds: 0 });
    await world.followKeys();
    expect(await listed(alg)).toEqual([
      { state: 'current', kid: next?.kid },
      { state: 'past', kid: first?.kid },
    ]);
    expect((await published()).map(({ kid }) => kid)).not.toContain(first?.kid);
    expect(await accepted(alg, before)).toEqual({
      ...{ userinfo: false, introspection: false, listnr: false },
      hint: true,
    });
    expect(await accepted(alg, after)).toEqual(EVERYWHERE);
  });

  it('and one that was dropped is good for nothing', async () => {
    const before = await world.signIn(alg);
    await dropCompromisedKeys('oidc', world.server.services.rotation, { kid: kidOf(before.tokens.id_token) });
    await world.followKeys();
    expect(await accepted(alg, before)).toEqual({
      ...{ userinfo: false, introspection: false, listnr: false },
      // A hint of a key that is gone asks for its person, who is signed in. It proves nothing (oidc/id-token-hint.ts).
      hint: true,
    });
    const after = await world.signIn(alg);
    expect(kidOf(after.tokens.id_token)).not.toBe(kidOf(before.tokens.id_token));
    expect(await accepted(alg, after)).toEqual(EVERYWHERE);
  });
});

describe('the keys', () => {
  it('are one for each algorithm, those of RSA too, and public', async () => {
    const keys = await published();
    const current = new Map(
      (await Promise.all(KEY_ALGORITHMS.map(listed)))
        .flat()
        .filter(({ state }) => state === 'current')
        .map(({ kid }) => [kid, keys.find((key) => key.kid === kid)]),
    );
    expect([...current.values()].map((key) => `${key?.alg} ${key?.kty}`)).toEqual([
      'RS256 RSA',
      'PS256 RSA',
      'ES256 EC',
      'EdDSA OKP',
    ]);
    const members = keys.flatMap((key) => Object.keys(key));
    expect([...new Set(members)].sort()).toEqual(['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'y']);
  });

  it('of each algorithm are announced, and the protocol library has their private halves', async () => {
    const { body } = await getJson(`${world.server.url}/.well-known/openid-configuration`);
    for (const list of [
      'id_token_signing_alg_values_supported',
      'introspection_signing_alg_values_supported',
    ])
      expect([...(body[list] as string[])].sort()).toEqual([...KEY_ALGORITHMS].sort());
    const { privateJwks, jwks } = world.server.services.keyRings.oidc;
    expect(privateJwks.keys.map(({ kid }) => kid)).toEqual(jwks.keys.map(({ kid }) => kid));
    expect(privateJwks.keys.every(({ d }) => typeof d === 'string')).toBe(true);
  });

  it('rotate all at once by command, each to a key of its own algorithm', async () => {
    const algorithmsWithNext = async () =>
      (await runOn(world.server.database, ['keys', 'list', 'oidc'])).out
        .filter((line) => line.startsWith('next '))
        .map((line) => line.split(' ')[1]);
    const there = await algorithmsWithNext();
    const { out } = await runOn(world.server.database, ['keys', 'rotate', 'oidc']);
    const made = out.map((line) => /^Published the next (\w+) key; it signs from /.exec(line)?.[1]);
    expect(made.sort()).toEqual(KEY_ALGORITHMS.filter((alg) => !there.includes(alg)).sort());
    expect((await algorithmsWithNext()).sort()).toEqual([...KEY_ALGORITHMS].sort());
  });
});
