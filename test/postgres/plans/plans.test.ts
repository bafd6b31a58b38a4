import { createHash } from 'node:crypto';
import { createPasswordStore } from '../../../src/accounts/password-store.ts';
import { createPersonStore } from '../../../src/accounts/person-store.ts';
import { createUsedProofStore } from '../../../src/clients/proofs/used-proof-store.ts';
import { createDeliveryLogStore } from '../../../src/deliveries/delivery-log-store.ts';
import { createDeliveryStore } from '../../../src/deliveries/delivery-store.ts';
import { createAccessTokenStore } from '../../../src/grants/access-token-store.ts';
import { type ArtifactStore, createArtifactStore } from '../../../src/grants/artifact-store.ts';
import { createDeviceCodeStore } from '../../../src/grants/device-code-store.ts';
import { createGrantStore } from '../../../src/grants/grant-store.ts';
import { createRefreshFamilyStore } from '../../../src/grants/refresh-family-store.ts';
import { createExpiredRowsStore, EXPIRING_TABLES } from '../../../src/housekeeping/expired-rows-store.ts';
import { createSecretBox } from '../../../src/platform/secrets/secret-box.ts';
import { systemClock } from '../../../src/platform/time/clock.ts';
import { SAME_CLOCK } from '../../../src/platform/time/database-time.ts';
import { createRefusalStore } from '../../../src/refusals/explain/refusal-store.ts';
import { createRefusalRowsStore } from '../../../src/refusals/record/refusal-rows-store.ts';
import { createSessionStore } from '../../../src/sessions/session-store.ts';
import { createUpstreamSignInStore } from '../../../src/sessions/upstream-sign-in-store.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { fillTables } from './many-rows.ts';
import { type Explainer, openExplainer, statementsOf } from './statements.ts';

const PERSON = ['people_pkey', 'user_records_pkey', 'worker_ids_pkey'];
const LIVE = 199_999;
const FAMILY = createHash('sha256').update(`family ${LIVE}`).digest().subarray(0, 16);
const ADDRESS = createHash('sha256').update('address 7').digest();
const ORIGIN = { address: '192.0.2.1', requestId: 'request' };
const expiresAt = new Date(Date.now() + 3_600_000);

/** By Postgres' own estimates, when three of four rows have expired and nobody has deleted them. */
describe('with 200,000 rows in every table that grows', () => {
  let database: TestDatabase;
  let explainer: Explainer;
  let beginning: ArtifactStore;
  beforeAll(async () => {
    database = await openTestDatabase();
    await fillTables(database.url ?? '');
    explainer = await openExplainer(database.url ?? '');
    beginning = createArtifactStore(database.knex);
    // The first one of a process adds up the sizes of all others.
    await beginning.create({ ...code, model: 'Interaction', id: 'first', addressMac: ADDRESS });
  }, 180_000);
  afterAll(async () => {
    await explainer?.close();
    await database.close();
  });

  type Act = (knex: TestDatabase['knex']) => Promise<unknown>;
  const scansOf = async (act: Act) =>
    explainer.scans(await statementsOf(database.knex, () => act(database.knex)));

  const code = { model: 'AuthorizationCode', id: 'a new code', payload: {}, expiresAt } as const;
  const grant = {
    id: 'a new grant',
    personId: `person-${LIVE % 20_000}`,
    clientId: 'web',
    sessionUid: `session-${LIVE}`,
    payload: {},
    expiresAt,
    sessionIsNew: false,
    consented: true,
  };
  const session = { uid: `session-${LIVE}`, personId: 'person-1', payload: {}, expiresAt };
  const client = {
    id: 'web',
    instanceId: 'demo',
    type: 'confidential' as const,
    grantTypes: ['refresh_token'],
    refreshTokenTtlSeconds: 3600,
  };
  const keys = [Buffer.alloc(32, 7)];
  const delivery = {
    ...{ id: '1', kind: 'backchannel_logout', clientId: 'client-1', lane: 'client-1' },
    ...{ payload: {}, attempt: 1, giveUpAt: expiresAt },
  };
  const box = createSecretBox(keys);

  it.each<[string, string[], Act]>([
    [
      'a code with its grant and person',
      ['artifacts_pkey', 'grants_pkey', ...PERSON],
      (knex) => createArtifactStore(knex).find('AuthorizationCode', `code ${LIVE}`),
    ],
    [
      'a pushed request to use it',
      ['artifacts_pkey'],
      (knex) => createArtifactStore(knex).consume('PushedAuthorizationRequest', 'a request'),
    ],
    [
      'the person, session and consent that a new code depends on',
      ['consents_pkey', 'people_pkey', 'sessions_pkey'],
      (knex) => createArtifactStore(knex).createWithGrant(code, grant),
    ],
    [
      'the interactions of an address to begin another',
      ['artifacts_pkey', 'artifacts_unanswered'],
      () => beginning.create({ ...code, model: 'Interaction', id: 'second', addressMac: ADDRESS }),
    ],
    [
      'an interaction to go on with it',
      ['artifacts_pkey'],
      (knex) => createArtifactStore(knex).update({ ...code, model: 'Interaction' }),
    ],
    [
      'an interaction to end it',
      ['artifacts_pkey'],
      (knex) => createArtifactStore(knex).destroy('Interaction', 'interaction'),
    ],
    ...(
      [undefined, { jkt: 'thumbprint', alg: 'ES256', iat: 0, jti: 'proof', expiresAt: new Date() }] as const
    ).flatMap((proof): [string, string[], Act][] => [
      [
        `a code to redeem it${proof ? ', with a proof' : ''}`,
        ['artifacts_pkey', 'grants_pkey', ...PERSON, ...(proof ? ['used_proofs_pkey'] : [])],
        (knex) =>
          createArtifactStore(knex).redeem({
            ...{ client, code: `code ${LIVE}`, family: Buffer.alloc(16), proof, jkt: proof?.jkt },
            ...{ redirectUri: 'https://app.example/', codeChallenge: undefined, now: new Date() },
            isSecondTry: false,
            binding: proof?.jkt,
          }),
      ],
      [
        `a refresh token to rotate it${proof ? ', with a proof' : ''}`,
        ['grants_pkey', ...PERSON, 'refresh_families_pkey', ...(proof ? ['used_proofs_pkey'] : [])],
        (knex) =>
          createRefreshFamilyStore(knex).rotate({
            ...{ client, family: FAMILY, presented: 0, next: 1, isSecondTry: false, scope: '' },
            ...{ proof, jkt: proof?.jkt, mustBeBound: false, now: new Date() },
          }),
      ],
    ]),
    [
      'a refresh token to rotate it without waiting for the disk',
      ['grants_pkey', ...PERSON, 'refresh_families_pkey'],
      (knex) =>
        createRefreshFamilyStore(knex, SAME_CLOCK, 'asynchronous').rotate({
          ...{ client, family: FAMILY, presented: 0, next: 1, isSecondTry: false, scope: '' },
          ...{ proof: undefined, jkt: undefined, mustBeBound: false, now: new Date() },
        }),
    ],
    ...(['synchronous', 'asynchronous'] as const).map((commit): [string, string[], Act] => [
      `several refresh tokens to rotate them, with a commit that is ${commit}`,
      // The row that was found by its key is changed by its place.
      ['Tid Scan on refresh_families', 'grants_pkey', ...PERSON, 'refresh_families_pkey'],
      (knex) => {
        const { rotate } = createRefreshFamilyStore(knex, SAME_CLOCK, commit);
        const token = {
          ...{ client, family: FAMILY, presented: 0, next: 1, isSecondTry: false, scope: '' },
          ...{ proof: undefined, jkt: undefined, mustBeBound: false, now: new Date() },
        };
        return Promise.all([rotate(token), rotate({ ...token, presented: 1 })]);
      },
    ]),
    [
      'a refresh token with its grant and person',
      ['grants_pkey', ...PERSON, 'refresh_families_pkey'],
      (knex) => createRefreshFamilyStore(knex).find(FAMILY, 30),
    ],
    [
      'whether an access token is good, and whose it is',
      ['grants_pkey', ...PERSON, 'revoked_access_tokens_pkey'],
      (knex) => createAccessTokenStore(knex).find({ jti: 'token-1', grantId: `grant-${LIVE}` }),
    ],
    [
      'several codes to redeem them',
      ['Tid Scan on artifacts', 'artifacts_pkey', 'grants_pkey', ...PERSON],
      (knex) => {
        const { redeem } = createArtifactStore(knex);
        const redemption = {
          ...{
            client,
            family: Buffer.alloc(16),
            proof: undefined,
            jkt: undefined,
            binding: undefined,
            isSecondTry: false,
          },
          ...{ redirectUri: 'https://app.example/', codeChallenge: undefined, now: new Date() },
        };
        return Promise.all([1, 2].map((n) => redeem({ ...redemption, code: `code ${LIVE - n}` })));
      },
    ],
    [
      'whether several access tokens are good, and whose they are',
      ['grants_pkey', ...PERSON, 'revoked_access_tokens_pkey'],
      (knex) => {
        const { find } = createAccessTokenStore(knex);
        return Promise.all([1, 2].map((n) => find({ jti: `token-${n}`, grantId: `grant-${LIVE - n}` })));
      },
    ],
    ['a person', PERSON, (knex) => createPersonStore(knex).find('person-1')],
    [
      'who signs in with a password',
      ['people_canonical_address', 'people_password_parameters'],
      (knex) => createPasswordStore(knex).find('demo', 'ada@demo.example'),
    ],
    [
      'the session of a cookie, and its person',
      [...PERSON, 'sessions_id_hash_key'],
      (knex) => createSessionStore(knex).find(`session ${LIVE}`),
    ],
    ['a session by its name', ['sessions_pkey'], (knex) => createSessionStore(knex).findByUid(session.uid)],
    [
      'a session to save it',
      ['sessions_pkey'],
      (knex) => createSessionStore(knex).update(`session ${LIVE}`, session),
    ],
    [
      'a session to end it',
      ['sessions_pkey'],
      (knex) => createSessionStore(knex).end(session.uid, { origin: ORIGIN, cause: 'signed_out' }),
    ],
    [
      'a grant to end it',
      ['grants_pkey'],
      (knex) => createGrantStore(knex).revoke('grant-1', { event: 'grant.revoked', origin: ORIGIN }),
    ],
    [
      'the code of a device that asks whether it was approved',
      ['artifacts_pkey', 'grants_pkey', ...PERSON],
      (knex) => createDeviceCodeStore(knex, keys).poll('code 1', { clientId: 'web', everySeconds: 5 }),
    ],
    [
      'the code of a device that a person types',
      ['artifacts_user_code'],
      (knex) => createDeviceCodeStore(knex, keys).findByUserCode('BCDF-GHJK'),
    ],
    [
      'a sign-in under way at an upstream provider',
      ['upstream_sign_ins_pkey'],
      (knex) => createUpstreamSignInStore(knex, box, systemClock).take('unknown'),
    ],
    [
      'no row to remember a proof',
      [],
      (knex) => createUsedProofStore(knex).use({ issuer: 'web', jti: 'new', expiresAt }),
    ],
    [
      'whether anything is to be delivered',
      ['deliveries_due'],
      (knex) => createDeliveryStore(knex).isDue(['backchannel_logout'], new Date()),
    ],
    [
      'the first deliveries of each receiver to take them',
      ['deliveries_lane', 'deliveries_pkey'],
      (knex) =>
        createDeliveryStore(knex).claim(
          ['backchannel_logout'],
          { free: 32, perLane: 4, ofLanes: {}, ofAiling: 16, ailing: [] },
          { now: new Date(), until: expiresAt },
        ),
    ],
    [
      'a delivery to settle it',
      ['deliveries_pkey'],
      (knex) => createDeliveryStore(knex).delivered(delivery, new Date()),
    ],
    [
      'a delivery to try it again',
      ['deliveries_pkey'],
      (knex) =>
        createDeliveryStore(knex).failed(delivery, 'no answer', { now: new Date(), next: new Date() }),
    ],
    [
      'the deliveries of a client',
      ['deliveries_client'],
      (knex) => createDeliveryLogStore(knex).list({ clientId: 'client-1', limit: 100 }),
    ],
    [
      'the newest deliveries',
      ['deliveries_pkey'],
      (knex) => createDeliveryLogStore(knex).list({ limit: 100 }),
    ],
    [
      'why a request was refused',
      ['refusals_request'],
      (knex) => createRefusalStore(knex).find('request-1', { service: 'listo', clientId: 'client-1' }),
    ],
    [
      'the refusals of a client',
      ['refusals_lane'],
      (knex) => createRefusalStore(knex).ofClient({ service: 'listo', clientId: 'client-1' }),
    ],
    [
      'the refusals that are too many for their client',
      ['refusals_lane', 'refusals_pkey'],
      (knex) => createRefusalRowsStore(knex).boundLanes(['listo client-1']),
    ],
  ])('finds by index: %s', async (_what, indexes, act) => {
    expect(await scansOf(act)).toEqual(indexes.toSorted());
  });

  const BY_EXPIRY: Record<(typeof EXPIRING_TABLES)[number], string[]> = {
    artifacts: ['artifacts_expiry'],
    sessions: ['sessions_expiry'],
    refresh_families: ['refresh_families_expiry', 'grants_pkey'],
    grants: ['grants_expiry'],
    revoked_access_tokens: ['revoked_access_tokens_expiry'],
    used_proofs: ['used_proofs_expiry'],
    upstream_sign_ins: ['upstream_sign_ins_expiry'],
    pending_sign_ins: ['pending_sign_ins_expiry'],
    denied_subjects: ['denied_subjects_expiry'],
    guesses: ['guesses_expiry'],
    past_public_keys: ['past_public_keys_expiry'],
    deliveries: ['deliveries_expiry'],
    one_time_links: ['one_time_links_expiry'],
    link_requests: ['link_requests_expiry'],
    refusals: ['refusals_expiry'],
  };

  describe.each(EXPIRING_TABLES)('tidying up %s', (what) => {
    it('finds what has waited longest', async () => {
      expect(await scansOf((knex) => createExpiredRowsStore(knex).lagSeconds(what))).toEqual(
        BY_EXPIRY[what].toSorted(),
      );
    });

    it('deletes a batch by the place of its rows', async () => {
      // A table of one row; the deleted rows are found by their place, or through the grant that they depend on.
      const scans = await scansOf((knex) => createExpiredRowsStore(knex).deleteBatch(what, 1000));
      const others = scans.filter((scan) => scan !== 'Seq Scan on job_locks' && !scan.startsWith('Tid Scan'));
      // For an unredeemed code, the grant is deleted, too.
      const grants = what === 'artifacts' ? ['grants_pkey'] : [];
      expect(others).toEqual([...BY_EXPIRY[what], ...grants].toSorted());
    });
  });

  it.each([
    ['end_session', ['grants_session']],
    ['end_sign_ins', ['artifacts_person', 'grants_person', 'pending_sign_ins_person', 'sessions_person']],
    ['end_consented', ['grants_person']],
  ])('finds by index what its own function %s ends', async (name, indexes) => {
    const { prosrc } = await database.knex('pg_proc').where({ proname: name }).first('prosrc');
    // TRUNCATE ends what hangs on every row, so its branch reads all of them.
    const perRow = String(prosrc).split('ELSE').at(-1) ?? '';
    const deletions = [...perRow.matchAll(/DELETE FROM [^;]+/g)].map(([sql]) => ({
      sql: sql.replaceAll(/(OLD|NEW)\.client_id/g, "'web'").replaceAll(/(OLD|NEW)\.\w+/g, "'person-1'"),
      bindings: [],
    }));
    expect(await explainer.scans(deletions)).toEqual(indexes);
  });

  it('finds by index what goes with a grant or a person that is deleted', async () => {
    const { rows } = await database.knex.raw(`
      SELECT c.conrelid::regclass::text AS table, a.attname AS column
      FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
      WHERE c.contype = 'f' AND c.confrelid IN ('grants'::regclass, 'people'::regclass) AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
          AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%s IS NOT NULL)', a.attname)))`);
    expect(rows).toEqual([]);
  });
});
