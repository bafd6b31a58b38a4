import { TEST_SECRETS } from '../../support/servers/test-server.ts';
import { UPSTREAM_SECRET } from '../../support/upstream/upstream-idp.ts';
import { startUpstreamWorld, type UpstreamWorld } from '../../support/upstream/upstream-world.ts';
import { runEveryFlow } from './every-flow.ts';
import { type Credentials, recordCredentials } from './recorder.ts';
import { type Cell, readCells, search, searchPrivateKeys } from './search.ts';

/** A thief of a dump or backup can sign nobody in, and sign no tokens. */
describe('a dump of the database, after a run of every flow', () => {
  let world: UpstreamWorld;
  let credentials: Credentials;
  let cells: Cell[];
  beforeAll(async () => {
    // The server asks the provider by `fetch`, too, so that its requests are recorded.
    world = await startUpstreamWorld({ overrides: { outboundFetch: (input, init) => fetch(input, init) } });
    const recorder = recordCredentials({ upstream: world.idp.issuer });
    ({ credentials } = recorder);
    try {
      await runEveryFlow(world);
    } finally {
      recorder.stop();
    }
    const { keyRings } = world.server.services;
    for (const { privateJwks } of Object.values(keyRings))
      for (const { d = '', p = '' } of privateJwks.keys)
        credentials.set(d, 'private key').set(p, 'private key');
    for (const secret of Object.values(TEST_SECRETS)) credentials.set(secret, 'secret of the server');
    credentials.set(UPSTREAM_SECRET, 'upstream secret');
    cells = await readCells(world.server.database.knex);
  });
  afterAll(() => world.close());

  it('is looked through for credentials of every kind', () => {
    expect([...new Set(credentials.values())].toSorted()).toEqual([
      'Basic credentials',
      'CSRF token',
      'DPoP proof',
      'ID token',
      'LiSTNR token',
      'PKCE verifier',
      'access token',
      'client assertion',
      'code',
      'cookie',
      'cookie signature',
      'interaction id',
      'link of a mail',
      'password',
      'private key',
      'refresh token',
      'request_uri',
      'secret',
      'secret of the server',
      'session id',
      'upstream nonce',
      'upstream secret',
      'upstream state',
    ]);
    expect(credentials.size).toBeGreaterThan(150);
  });

  it('has rows of every kind that is kept', () => {
    const tables = [...new Set(cells.map(({ place }) => place.split('.')[0]))];
    expect(tables).toEqual(
      expect.arrayContaining([
        'artifacts',
        expect.stringMatching(/^audit_events_\d{4}_\d{2}$/),
        'clients',
        'consents',
        'grants',
        'link_requests',
        'one_time_links',
        'people',
        'refresh_families',
        'refusals',
        'revoked_access_tokens',
        'sessions',
        'signing_keys',
        'upstream_sign_ins',
        'used_proofs',
      ]),
    );
  });

  it('holds none of them, whole, in part or encoded', () => {
    expect(search(cells, credentials)).toEqual([]);
  });

  it('holds no private key in the clear', () => {
    expect(searchPrivateKeys(cells)).toEqual([]);
  });

  describe('would show a credential, if one were kept', () => {
    const first = (wanted: string) => {
      const [value] = [...credentials].find(([, kind]) => kind === wanted) ?? [];
      if (value === undefined) throw new Error(`No ${wanted} was recorded.`);
      return value;
    };
    const part = (value: string, n: number) => value.split('.')[n] ?? '';
    const base64 = (value: string) => Buffer.from(value).toString('base64');

    it.each<[string, string, (value: string) => string]>([
      ['as it is', 'code', (value) => value],
      ['as it is', 'password', (value) => value],
      ['as it is', 'session id', (value) => value],
      ['in JSON', 'interaction id', (value) => JSON.stringify({ returnTo: `/auth/authorize/${value}` })],
      ['in JSON', 'secret of the server', (value) => JSON.stringify([value])],
      ['in base64', 'secret', base64],
      ['in hexadecimal', 'PKCE verifier', (value) => Buffer.from(value).toString('hex')],
      ['inside an unsigned JWT', 'ID token', (value) => `e30.${base64(JSON.stringify({ hint: value }))}.`],
      ['by its mac alone', 'refresh token', (value) => part(value, 2)],
      ['by its payload alone', 'access token', (value) => part(value, 1)],
      ['by its signature alone', 'client assertion', (value) => part(value, 2)],
      ['by its random part alone', 'upstream state', (value) => part(value, 1)],
    ])('%s: %s', async (_how, kind, disguise) => {
      const { knex } = world.server.database;
      await knex('job_locks').insert({ name: disguise(first(kind)) });
      const found = search(await readCells(knex), credentials);
      await knex('job_locks').whereNot({ name: 'housekeeping' }).delete();
      expect(found).toContain(`${kind} in job_locks.name`);
    });

    it('as bytes', async () => {
      const { knex } = world.server.database;
      const mac = Buffer.from(part(first('refresh token'), 2), 'base64url');
      await knex('used_proofs').insert({ id_hash: mac, expires_at: new Date(0) });
      const found = search(await readCells(knex), credentials);
      await knex('used_proofs').where({ id_hash: mac }).delete();
      expect(found).toEqual(['refresh token in used_proofs.id_hash']);
    });

    it('a private key', async () => {
      const { knex } = world.server.database;
      const [jwk] = world.server.services.keyRings.oidc.privateJwks.keys;
      const [{ kid }] = await knex('signing_keys').limit(1).select('kid');
      const sealed = await knex('signing_keys').where({ kid }).first('private_jwk_sealed');
      await knex('signing_keys')
        .where({ kid })
        .update({ private_jwk_sealed: JSON.stringify(jwk) });
      const found = await readCells(knex);
      await knex('signing_keys').where({ kid }).update(sealed);
      expect(searchPrivateKeys(found)).toEqual(['signing_keys.private_jwk_sealed']);
      expect(search(found, credentials)).toEqual(['private key in signing_keys.private_jwk_sealed']);
    });
  });
});
