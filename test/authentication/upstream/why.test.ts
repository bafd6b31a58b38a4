import { freePort } from '../../../scripts/free-port.ts';
import { explain } from '../../../src/refusals/explain/explanation.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import type { UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  CLIENT,
  somebody,
  startUpstreamWorld,
  type UpstreamRegistration,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let server: TestServer;
let idp: UpstreamIdp;
beforeAll(async () => {
  world = await startUpstreamWorld();
  ({ server, idp } = world);
});
afterAll(() => world.close());
beforeEach(() => {
  Object.assign(idp, {
    ...{
      alterIdToken: undefined,
      alterDiscovery: undefined,
      alterTokens: undefined,
      alterUserinfo: undefined,
    },
    ...{
      signsWithUnknownKey: false,
      tokenEndpoint: 'up',
      keySet: 'up',
      userinfo: 'up',
      alterKeys: undefined,
    },
  });
});

let tenants = 0;

/** Signs somebody in at a new instance, after `misbehave`, and returns its refusal as the operator reads it. */
async function refusalAfter(
  misbehave: () => void,
  {
    registration = {},
    change,
    decline = false,
    parameters,
  }: {
    registration?: UpstreamRegistration;
    change?: (answer: URL) => void;
    decline?: boolean;
    parameters?: Record<string, string>;
  } = {},
) {
  tenants += 1;
  const instance = `why-${tenants}`;
  const client = await world.aTenant(instance, { first_sign_in: 'create', ...registration });
  misbehave();
  if (change) {
    const browser = openBrowser();
    const answer = await world.callbackOf(client, somebody(), browser);
    change(answer);
    await browser.follow(await browser.get(answer.href), CLIENT);
  } else await world.signIn(client, decline ? undefined : somebody(), parameters ? { parameters } : {});
  await server.services.refusalRecorder.flush();
  const { code, out, err } = await runOn(server.database, ['instance', 'refusals', instance, '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const rows: { reason: string }[] = JSON.parse(out.join('\n'));
  // The application hears of it as well, by an answer with a reason of its own.
  return rows.filter(({ reason }) => reason.startsWith('upstream.'));
}

/** Each lets the provider misbehave for real. */
const REFUSED: [what: string, refused: () => ReturnType<typeof refusalAfter>, why: object][] = [
  [
    'another audience',
    () => refusalAfter(() => (idp.alterIdToken = (claims) => ({ ...claims, aud: 'somebody-else' }))),
    {
      reason: 'upstream.claim_wrong',
      came: { claim: 'aud', aud: 'somebody-else' },
      expected: { aud: 'listo' },
    },
  ],
  [
    'another issuer in the token',
    () => refusalAfter(() => (idp.alterIdToken = (claims) => ({ ...claims, iss: 'https://evil.example' }))),
    { reason: 'upstream.claim_wrong', came: { claim: 'iss', iss: 'https://evil.example' } },
  ],
  [
    'another nonce, of which no value is kept',
    () => refusalAfter(() => (idp.alterIdToken = (claims) => ({ ...claims, nonce: 'another' }))),
    { reason: 'upstream.claim_wrong', came: { claim: 'nonce' }, expected: {} },
  ],
  [
    'a token that has expired',
    () => refusalAfter(() => (idp.alterIdToken = (claims) => ({ ...claims, exp: 1_000_000_000 }))),
    {
      reason: 'upstream.time_wrong',
      came: { claim: 'exp', exp: '2001-09-09T01:46:40Z' },
      expected: { now: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
    },
  ],
  [
    'a signature of an unknown key',
    () => refusalAfter(() => (idp.signsWithUnknownKey = true)),
    { reason: 'upstream.signature_wrong', came: { check: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' } },
  ],
  [
    'a sub that cannot be stored',
    () =>
      refusalAfter(() => {
        const sub = 'x'.repeat(300);
        idp.alterIdToken = (claims) => ({ ...claims, sub });
        idp.alterUserinfo = (claims) => ({ ...claims, sub });
      }),
    { reason: 'upstream.sub_unusable', came: {}, expected: {} },
  ],
  [
    'a userinfo about another person',
    () => refusalAfter(() => (idp.alterUserinfo = (claims) => ({ ...claims, sub: 'bob' }))),
    { reason: 'upstream.userinfo_of_another', came: {}, expected: {} },
  ],
  [
    'a client secret that is wrong',
    () => refusalAfter(() => {}, { registration: { secret: 'not the one' } }),
    { reason: 'upstream.client_refused', came: { error: 'invalid_client', status: '401' } },
  ],
  [
    'a code that is not valid',
    () => refusalAfter(() => {}, { change: (answer) => answer.searchParams.set('code', 'injected') }),
    { reason: 'upstream.code_refused', came: { error: 'invalid_grant', status: '400' } },
  ],
  [
    'no code',
    () => refusalAfter(() => {}, { change: (answer) => answer.searchParams.delete('code') }),
    { reason: 'upstream.code_missing', came: { codes: '0' } },
  ],
  [
    'the iss of another provider',
    () =>
      refusalAfter(() => {}, { change: (answer) => answer.searchParams.set('iss', 'https://evil.example') }),
    { reason: 'upstream.iss_wrong', came: { iss: ['https://evil.example'] } },
  ],
  [
    'a state that is not known',
    () =>
      refusalAfter(() => {}, {
        change: (answer) => answer.searchParams.set('state', `${answer.searchParams.get('state')}x`),
      }),
    { reason: 'upstream.sign_in_unknown', came: {}, expected: {} },
  ],
  [
    'an error of its own, with its sentence',
    () =>
      refusalAfter(() => {}, {
        change: (answer) => {
          answer.searchParams.delete('code');
          answer.searchParams.set('error', 'invalid_scope');
          answer.searchParams.set('error_description', 'AADSTS70011: ada@acme.example may not');
        },
      }),
    {
      reason: 'upstream.request_refused',
      came: { error: 'invalid_scope', error_description: 'AADSTS70011: ?@? may not' },
    },
  ],
  [
    'a person who declines',
    () => refusalAfter(() => {}, { decline: true }),
    { reason: 'upstream.declined', error: 'access_denied', came: { error: 'access_denied' } },
  ],
  [
    'a person who is not known, where first sign-ins are refused',
    () => refusalAfter(() => {}, { registration: { first_sign_in: 'refuse' } }),
    { reason: 'upstream.person_unknown', came: {}, expected: {} },
  ],
  [
    'a token endpoint that fails',
    () => refusalAfter(() => (idp.tokenEndpoint = 'failing')),
    { reason: 'upstream.unreachable', came: { check: 'OAUTH_RESPONSE_IS_NOT_CONFORM', status: '502' } },
  ],
  [
    'no auth_time, where a recent sign-in is asked for',
    () =>
      refusalAfter(() => (idp.alterIdToken = ({ auth_time: _gone, ...claims }) => claims), {
        parameters: { max_age: '60' },
      }),
    { reason: 'upstream.not_recent', error: 'login_required', came: { auth_time: 'none' } },
  ],
  [
    'a discovery document of another issuer',
    () =>
      refusalAfter(
        () => (idp.alterDiscovery = (document) => ({ ...document, issuer: 'https://other.example' })),
        {
          registration: { client_id: 'listo-public', secret: null },
        },
      ),
    { reason: 'upstream.issuer_other', came: { issuer: 'https://other.example' } },
  ],
  [
    'metadata of a wrong type',
    () =>
      refusalAfter(() => (idp.alterDiscovery = (document) => ({ ...document, token_endpoint: 7 })), {
        registration: { client_id: 'listo-post' },
      }),
    { reason: 'upstream.metadata_unusable', came: { members: ['token_endpoint'] } },
  ],
];

describe('a sign-in at a provider that is refused', () => {
  it.each(REFUSED)('because of %s is explained to the operator', async (_what, refused, why) => {
    const [row] = await refused();
    expect(row).toMatchObject({
      ...why,
      sentence: expect.stringMatching(/\.$/),
      remedy: expect.stringMatching(/\.$/),
    });
  });

  it('because nobody listens there is explained', async () => {
    const port = await freePort();
    const [row] = await refusalAfter(() => {}, { registration: { issuer: `http://localhost:${port}` } });
    expect(row).toMatchObject({ reason: 'upstream.unreachable', came: { error: 'ECONNREFUSED' } });
  });

  it('is told to the application’s developer without anything of the provider', async () => {
    const client = await world.aTenant('discreet', { first_sign_in: 'create', secret: 'not the one' });
    await world.signIn(client, somebody());
    await server.services.refusalRecorder.flush();
    const rows = await server.services.recordedRefusals.ofInstance('discreet');
    const row = rows.find(({ reason }) => reason === 'upstream.client_refused');
    expect(row && explain(row, { reader: 'client' })).toMatchObject({
      reason: 'person.refused_upstream',
      came: {},
      expected: {},
      nearest: {},
    });
  });

  it('keeps no person, no token and no code', async () => {
    const sub = 'the-sub-of-ada-lovelace';
    const client = await world.aTenant('silent', { first_sign_in: 'refuse' });
    await world.signIn(client, { sub, claims: { email: 'ada@acme.example' } });
    await server.services.refusalRecorder.flush();
    const rows = await server.database.knex('refusals').where({ instance_id: 'silent' });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/the-sub-of-ada|acme\.example|eyJ/);
  });
});
