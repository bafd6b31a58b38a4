import { serverSettings } from '../../../src/config.ts';
import { runOn, TEST_ENVIRONMENT } from '../../support/registrations/command-line.ts';
import type { UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  startUpstreamWorld,
  type UpstreamRegistration,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let idp: UpstreamIdp;
beforeAll(async () => {
  world = await startUpstreamWorld();
  idp = world.idp;
});
afterAll(() => world.close());
beforeEach(() => {
  Object.assign(idp, { alterDiscovery: undefined, alterKeys: undefined, tokenEndpoint: 'up', keySet: 'up' });
});

const run = (...words: string[]) =>
  runOn(world.server.database, ['instance', 'test', ...words], {
    server: () => serverSettings({ ...TEST_ENVIRONMENT, ISSUER: world.server.url }),
  });

let tenants = 0;
async function tried(registration: UpstreamRegistration, misbehave = () => {}) {
  tenants += 1;
  const id = `try-${tenants}`;
  await world.aTenant(id, registration);
  misbehave();
  const { code, out, err } = await run(id, '--json');
  expect(err).toBe('');
  return { code, ...JSON.parse(out.join('\n')) };
}

describe('instance test', () => {
  it.each(['listo', 'listo-post', 'listo-public'])(
    'finds a right provider right, as %s',
    async (client_id) => {
      const secret = client_id === 'listo-public' ? { secret: null } : {};
      const { code, checks, findings } = await tried({ client_id, ...secret });
      expect({ code, findings, checks }).toEqual({
        code: 0,
        findings: [],
        checks: [
          { check: 'discovery', outcome: 'fine', facts: [idp.issuer] },
          { check: 'keys', outcome: 'fine', facts: ['one key'] },
          { check: 'token', outcome: 'fine', facts: ['the client id and secret are right'] },
        ],
      });
    },
  );

  it.each<[string, UpstreamRegistration, () => void, object]>([
    [
      'a wrong secret',
      { secret: 'not the one' },
      () => {},
      {
        check: 'token',
        name: 'upstream.client_refused',
        sentence: expect.stringContaining('status 401 came'),
        remedy: expect.stringContaining('npx listo seal upstream:try-'),
      },
    ],
    [
      'an unknown client id',
      { client_id: 'nobody' },
      () => {},
      { check: 'token', name: 'upstream.client_refused' },
    ],
    [
      'an address where nobody listens',
      { issuer: 'http://localhost:1' },
      () => {},
      {
        check: 'discovery',
        name: 'upstream.unreachable',
        sentence: expect.stringContaining('error ECONNREFUSED came'),
      },
    ],
    [
      'a discovery document of another issuer',
      {},
      () => {
        idp.alterDiscovery = (document) => ({ ...document, issuer: 'https://other.example' });
      },
      {
        check: 'discovery',
        name: 'upstream.issuer_other',
        sentence: expect.stringContaining('issuer https://other.example came'),
      },
    ],
    [
      'an address that is not public',
      { issuer: 'https://10.0.0.1' },
      () => {},
      {
        check: 'discovery',
        name: 'upstream.address_refused',
        remedy: expect.stringContaining('OUTBOUND_NETWORKS'),
      },
    ],
    [
      'keys that fail',
      {},
      () => {
        idp.keySet = 'failing';
      },
      { check: 'keys', name: 'upstream.keys_unusable', sentence: expect.stringContaining('status 503 came') },
    ],
    [
      'a set without keys',
      {},
      () => {
        idp.alterKeys = () => ({ keys: [] });
      },
      {
        check: 'keys',
        name: 'upstream.keys_unusable',
        sentence: expect.stringContaining('check no key signs came'),
      },
    ],
    [
      'a token endpoint that fails',
      {},
      () => {
        idp.tokenEndpoint = 'failing';
      },
      { check: 'token', name: 'upstream.unreachable', sentence: expect.stringContaining('status 502 came') },
    ],
  ])('names %s, and the remedy', async (_what, registration, misbehave, finding) => {
    const { code, findings } = await tried(registration, misbehave);
    expect(code).toBe(2);
    expect(findings).toEqual(
      [{ sentence: expect.stringMatching(/\.$/), remedy: expect.stringMatching(/\.$/), ...finding }].map(
        (one) => expect.objectContaining(one),
      ),
    );
  });

  it('prints what a person reads', async () => {
    await world.aTenant('globex', { secret: 'not the one' });
    const { code, out } = await run('globex');
    expect({ code, text: out.join('\n') }).toEqual({
      code: 2,
      text: `discovery  fine: ${idp.issuer}
keys       fine: one key
token      one finding

1. upstream.client_refused
   The provider did not accept the client id and secret of this server: error invalid_client came;
   status 401 came.
   Do: Ask the customer for the current secret, seal it (npx listo seal upstream:globex), and
       register it in upstream_providers.client_secret_sealed.

One finding.`,
    });
  });

  it('knows instances alone, and those with a provider', async () => {
    expect(await run('globx')).toMatchObject({
      code: 1,
      err: 'There is no instance with this id. Perhaps globex is meant. npx listo instance list shows those there are.\n',
    });
    expect(await run('demo')).toMatchObject({
      code: 1,
      err: 'The people of this instance sign in here, and not at a provider of their own.\n',
    });
  });
});
