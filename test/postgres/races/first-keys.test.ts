import { createRemoteJWKSet, jwtVerify } from 'jose';
import { KEY_ALGORITHMS } from '../../../src/keys/signing-key.ts';
import { getJson, obtainTokens } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { until } from '../../support/time/until.ts';
import { startTwoServers, type TwoServers } from './two-servers.ts';

/** Every process sees a new registration within a second, and makes the key that is missing. */
describe('two processes that see the first clients of three algorithms', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers();
  });
  afterAll(() => servers.close());

  const published = async (n: number) =>
    (await getJson(`${servers.at(n)}/auth/jwks`)).body.keys as { alg: string; kid: string }[];

  it('make one key for each, and both sign with it', async () => {
    const { database, issuer, at } = servers;
    const { access_token: token } = await obtainTokens(issuer);
    const apis = await Promise.all(
      KEY_ALGORITHMS.map((alg) =>
        aClient({ database }, { may_introspect: true, introspection_signed_response_alg: alg }),
      ),
    );
    const isKnown = async (n: number) => (await published(n)).length === KEY_ALGORITHMS.length;
    await until('both know all keys', async () => (await isKnown(0)) && (await isKnown(1)));
    const rows = await database.knex('signing_keys').where({ key_set: 'oidc' }).select('alg', 'state');
    expect(rows.map(({ alg, state }) => `${alg} ${state}`).sort()).toEqual(
      KEY_ALGORITHMS.map((alg) => `${alg} current`).sort(),
    );

    const signer = async (n: number, { client_id, client_secret }: (typeof apis)[number]) => {
      const response = await fetch(`${at(n)}/auth/introspect`, {
        method: 'POST',
        headers: { accept: 'application/token-introspection+jwt' },
        body: new URLSearchParams({ token, client_id, client_secret }),
      });
      // Each key is looked up at the other process.
      const keys = createRemoteJWKSet(new URL(`${at(n + 1)}/auth/jwks`));
      const { protectedHeader, payload } = await jwtVerify(await response.text(), keys, { issuer });
      expect(payload.token_introspection).toMatchObject({ active: true });
      return protectedHeader;
    };
    for (const [index, api] of apis.entries()) {
      const header = await signer(0, api);
      expect(header.alg).toBe(KEY_ALGORITHMS[index]);
      expect(await signer(1, api)).toEqual(header);
    }
  });
});
