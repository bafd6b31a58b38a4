import { openWay, WAYS, type Way } from '../http/direct/two-ways.ts';
import { aClientKey } from '../support/clients/proofs.ts';
import { obtainTokens, postJson } from '../support/clients/relying-party.ts';
import {
  basic,
  bearerClientSql,
  DEMO_APP,
  DEMO_BASIC,
  DEMO_SERVICE,
  ISSUE_TOKEN,
  mintIdToken,
  personSql,
  secretClientSql,
} from '../support/clients/token-provider.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

let server: TestServer;
let ways: Way[];
beforeAll(async () => {
  server = await startTestServer();
  ways = [await openWay(server, WAYS.short), await openWay(server, WAYS.long)];
});
afterAll(async () => {
  for (const way of ways) await way.close();
  await server.close();
});

interface Asked {
  authorization?: string;
  body?: unknown;
  type?: string;
}

const ID = DEMO_SERVICE.id;
/** Those whose ID tokens the demo's client accepts. */
const APPLICATIONS = ['client_demo_web', 'client_demo_spa'];
const own = (body: object): Asked => ({
  authorization: DEMO_BASIC,
  body: { client_id: ID, subject: 's', ...body },
});
const bearer = (token: string, client_id = DEMO_APP): Asked => ({
  authorization: `Bearer ${token}`,
  body: { client_id },
});
const withSecret = (secret: string, id = ID): Asked => ({
  authorization: basic(id, secret),
  body: { client_id: id, subject: 's' },
});

/** The refusals of a request, each way, as the table has them. */
async function refusalsOf({ authorization, body = {}, type = 'application/json' }: Asked) {
  const refusals: unknown[] = [];
  for (const { port } of ways) {
    const answer = await postJson(`http://localhost:${port}${ISSUE_TOKEN}`, body, {
      'content-type': type,
      ...(authorization === undefined ? {} : { authorization }),
    });
    const id = String(answer.headers.get('x-request-id'));
    await until('the refusal is recorded', async () => {
      await server.services.refusalRecorder.flush();
      const [found] = await server.services.recordedRefusals.find(id);
      if (!found) return false;
      const { reason, came, expected, client_id, client_is, service } = found;
      refusals.push({ reason, came, expected, client_id, client_is, service });
      return true;
    });
  }
  return refusals;
}

interface Kept {
  reason: string;
  came?: Record<string, unknown>;
  expected?: Record<string, unknown>;
  client_id?: string | null;
  client_is?: string | null;
}

function kept({ reason, came = {}, expected = {}, client_id = ID, client_is = 'authenticated' }: Kept) {
  const one = { reason, came, expected, client_id, client_is, service: 'listnr' };
  return [one, one];
}

describe('a refusal of LiSTNR has its typed reason, the short way and the long way alike', () => {
  describe('of the client and its credentials', () => {
    it.each<[string, Asked, Kept]>([
      [
        'no header',
        { body: { client_id: ID } },
        { reason: 'listnr.authorization_missing', client_is: 'claimed' },
      ],
      [
        'another scheme',
        { authorization: 'Digest x', body: { client_id: ID } },
        { reason: 'listnr.authorization_malformed', client_is: 'claimed' },
      ],
      [
        'Basic that is no base64 of two parts',
        { authorization: `Basic ${btoa('no colon')}`, body: { client_id: ID } },
        { reason: 'listnr.basic_malformed', client_is: 'claimed' },
      ],
      ['a wrong secret', withSecret('wrong'), { reason: 'listnr.secret_wrong', client_is: 'claimed' }],
      [
        'a secret with a space',
        withSecret(`${DEMO_SERVICE.secret} `),
        { reason: 'listnr.secret_in_spaces', client_is: 'claimed' },
      ],
      [
        'a secret that was form-encoded',
        withSecret(DEMO_SERVICE.secret.replaceAll('-', '%2D')),
        { reason: 'listnr.secret_encoded', client_is: 'claimed' },
      ],
      [
        'an unknown client',
        withSecret('wrong', 'servcie'),
        { reason: 'listnr.client_unknown', client_id: 'servcie', client_is: 'claimed' },
      ],
      [
        'a body that names another client',
        own({ client_id: DEMO_APP }),
        {
          reason: 'listnr.client_id_differs',
          came: { client_id: DEMO_APP },
          expected: { client_id: ID },
        },
      ],
      [
        'a secret in place of an ID token',
        withSecret('x', DEMO_APP),
        { reason: 'listnr.id_token_required', client_id: DEMO_APP, client_is: 'claimed' },
      ],
    ])('%s', async (_what, asked, expected) => {
      expect(await refusalsOf(asked)).toEqual(kept(expected));
    });

    it('an expired secret, a disabled client and one that is not enabled here', async () => {
      await server.seed(`${secretClientSql('expired', { environments: "'{dev}'" })}
        UPDATE listnr_client_secrets SET name = 'first', expires_at = '2026-01-02T03:04:05Z' WHERE client_id = 'expired';
        ${secretClientSql('disabled', { environments: "'{dev}'", disabled_at: 'now()' })}
        ${secretClientSql('elsewhere', { environments: "'{production}'" })}`);
      const { secret } = DEMO_SERVICE;
      expect(await refusalsOf(withSecret(secret, 'expired'))).toEqual(
        kept({
          reason: 'listnr.secret_expired',
          came: { secret_name: 'first', expired_at: '2026-01-02T03:04:05Z' },
          client_id: 'expired',
          client_is: 'claimed',
        }),
      );
      expect(await refusalsOf(withSecret(secret, 'disabled'))).toEqual(
        kept({ reason: 'listnr.client_disabled', client_id: 'disabled' }),
      );
      expect(await refusalsOf(withSecret(secret, 'elsewhere'))).toEqual(
        kept({
          reason: 'listnr.environment_not_enabled',
          came: { environment: 'dev' },
          expected: { environment: ['production'] },
          client_id: 'elsewhere',
        }),
      );
    });

    it('an ID token in place of a secret, whoever sends it', async () => {
      for (const token of [await mintIdToken(server), 'garbage'])
        expect(await refusalsOf(bearer(token, ID))).toEqual(
          kept({ reason: 'listnr.secret_required', client_is: 'claimed' }),
        );
      expect(await refusalsOf(bearer('garbage', 'nobody'))).toEqual(
        kept({ reason: 'listnr.client_unknown', client_id: 'nobody', client_is: 'claimed' }),
      );
    });
  });

  describe('of the body', () => {
    it.each<[string, Asked, Kept]>([
      [
        'a form',
        { ...own({}), type: 'application/x-www-form-urlencoded' },
        {
          reason: 'body.other_type',
          expected: { 'content-type': 'application/json' },
          client_is: 'claimed',
        },
      ],
      [
        'no JSON',
        { authorization: DEMO_BASIC, body: '{' },
        { reason: 'body.not_json', client_is: 'claimed' },
      ],
      [
        'no client_id',
        { authorization: DEMO_BASIC, body: {} },
        { reason: 'listnr.client_id_missing', client_is: 'claimed' },
      ],
      [
        'a scope that is a list',
        own({ scope: ['a'] }),
        { reason: 'listnr.member_not_text', came: { member: 'scope' }, client_is: 'claimed' },
      ],
      [
        'a scope that is not allowed',
        own({ scope: 'read:profile write:all' }),
        {
          reason: 'listnr.scope_not_allowed',
          came: { scope: 'write:all' },
          expected: { scope: ['read:profile', 'write:preferences'] },
        },
      ],
      [
        'a scope with a tab',
        own({ scope: 'a\tb' }),
        { reason: 'listnr.scope_malformed', came: { scope: 'a?b' } },
      ],
      ['no subject', own({ subject: null }), { reason: 'listnr.subject_missing' }],
      [
        'a subject that is too long, of which nothing is kept',
        own({ subject: `ada@demo.example${'x'.repeat(300)}` }),
        { reason: 'listnr.subject_malformed', came: { subject: 'a text of 316 characters' } },
      ],
      [
        'a subject that is a number',
        own({ subject: 7 }),
        { reason: 'listnr.subject_malformed', came: { subject: 'no text: number' } },
      ],
    ])('%s', async (_what, asked, expected) => {
      expect(await refusalsOf(asked)).toEqual(kept(expected));
    });
  });

  describe('of the ID token', () => {
    const now = () => Math.floor(Date.now() / 1000);
    const hour = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
    const clock = { now: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) };
    const ofApp = (one: Kept): Kept => ({ client_id: DEMO_APP, client_is: 'claimed', ...one });

    it.each<[string, Record<string, unknown>, Record<string, unknown>, () => Kept]>([
      [
        'of another type',
        {},
        { typ: 'at+jwt' },
        () => ({
          reason: 'id_token.other_type',
          came: { typ: 'at+jwt' },
          expected: { typ: 'JWT' },
        }),
      ],
      [
        'of another issuer',
        { iss: 'https://elsewhere.example' },
        {},
        () => ({
          reason: 'id_token.issuer_not_accepted',
          came: { iss: 'https://elsewhere.example' },
          expected: { iss: [server.url] },
        }),
      ],
      [
        'of an unknown key',
        {},
        { kid: 'old' },
        () => ({
          reason: 'id_token.key_unknown',
          came: { alg: 'RS256', kid: 'old' },
        }),
      ],
      [
        'with a claim of another kind of token',
        { scp: 'x', cnf: {} },
        {},
        () => ({
          reason: 'id_token.other_kind',
          came: { claims: ['scp', 'cnf'] },
        }),
      ],
      ['without a sub', { sub: undefined }, {}, () => ({ reason: 'id_token.sub_unusable' })],
      ['without an exp', { exp: undefined }, {}, () => ({ reason: 'id_token.exp_missing' })],
      [
        'that has expired',
        { exp: 1_700_000_000 },
        {},
        () => ({
          reason: 'id_token.expired',
          came: { exp: hour(1_700_000_000), ...clock },
        }),
      ],
      ['without an iat', { iat: undefined }, {}, () => ({ reason: 'id_token.iat_missing' })],
      [
        'of the future',
        { iat: 4_000_000_000 },
        {},
        () => ({
          reason: 'id_token.issued_in_future',
          came: { iat: hour(4_000_000_000), ...clock },
        }),
      ],
      [
        'that is not valid yet',
        { nbf: 4_000_000_000 },
        {},
        () => ({
          reason: 'id_token.not_valid_yet',
          came: { nbf: hour(4_000_000_000), ...clock },
        }),
      ],
      [
        'of another application',
        { aud: 'client_demo_wed' },
        {},
        () => ({
          reason: 'id_token.other_audience',
          came: { aud: 'client_demo_wed' },
          expected: { aud: APPLICATIONS },
        }),
      ],
      [
        'with the azp of another application',
        { azp: 'stranger' },
        {},
        () => ({
          reason: 'id_token.other_azp',
          came: { azp: 'stranger' },
          expected: { azp: APPLICATIONS },
        }),
      ],
      [
        'with two audiences',
        { aud: ['client_demo_web', 'other'] },
        {},
        () => ({
          reason: 'id_token.azp_missing',
          came: { aud: ['client_demo_web', 'other'] },
          expected: { aud: APPLICATIONS },
        }),
      ],
    ])('%s', async (_what, claims, header, expected) => {
      const token = await mintIdToken(server, { exp: now() + 3600, ...claims }, { header });
      expect(await refusalsOf(bearer(token))).toEqual(kept(ofApp(expected())));
    });

    it('that is none, with a critical extension, with another algorithm, of another signature', async () => {
      expect(await refusalsOf(bearer('garbage'))).toEqual(kept(ofApp({ reason: 'id_token.malformed' })));
      const [head = '', payload = '', signature = ''] = (await mintIdToken(server)).split('.');
      const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString());
      const crit = { alg: 'RS256', kid, crit: ['b64'], b64: true };
      const critical = Buffer.from(JSON.stringify(crit)).toString('base64url');
      expect(await refusalsOf(bearer(`${critical}.${payload}.${signature}`))).toEqual(
        kept(ofApp({ reason: 'id_token.critical_extension', came: { crit: ['b64'] } })),
      );
      const { privateKey } = await aClientKey('RS256');
      expect(await refusalsOf(bearer(await mintIdToken(server, {}, { key: privateKey })))).toEqual(
        kept(ofApp({ reason: 'id_token.signature_wrong', came: { alg: 'RS256', kid: expect.any(String) } })),
      );
      const symmetric = await mintIdToken(server, {}, { header: { alg: 'HS256' }, key: new Uint8Array(32) });
      expect(await refusalsOf(bearer(symmetric))).toEqual(
        kept(
          ofApp({
            reason: 'id_token.algorithm_not_accepted',
            came: { alg: 'HS256' },
            expected: { alg: expect.arrayContaining(['RS256']) },
          }),
        ),
      );
      const { access_token } = await obtainTokens(server.url);
      expect(await refusalsOf(bearer(access_token))).toEqual(
        kept(ofApp({ reason: 'id_token.other_type', came: { typ: 'at+jwt' }, expected: { typ: 'JWT' } })),
      );
    });

    it('of a person who was disabled', async () => {
      const { id, sql } = personSql({ disabled: true });
      await server.seed(sql);
      await server.services.denied.reload();
      expect(await refusalsOf(bearer(await mintIdToken(server, { sub: id })))).toEqual(
        kept(ofApp({ reason: 'id_token.person_denied' })),
      );
    });

    it('whose issuer does not answer', async () => {
      const issuer = 'https://provider.example';
      await server.seed(
        bearerClientSql('away', {}, [
          `('away', '${issuer}', 'http://127.0.0.1:1/jwks?key=abc', '{x}', '{RS256}', NULL)`,
        ]),
      );
      expect(await refusalsOf(bearer(await mintIdToken(server, { iss: issuer }), 'away'))).toEqual(
        kept({
          reason: 'id_token.keys_unavailable',
          came: { jwks_uri: 'http://127.0.0.1:1/jwks?key=…', error: expect.any(String) },
          client_id: 'away',
          client_is: 'claimed',
        }),
      );
    });
  });
});
