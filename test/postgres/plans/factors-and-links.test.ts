import { createHash, randomBytes } from 'node:crypto';
import { createPasskeyStore } from '../../../src/authentication/passkey/passkey-store.ts';
import { createRecoveryCodeStore } from '../../../src/authentication/recovery-codes/recovery-code-store.ts';
import { createLinkStore } from '../../../src/mail/links/link-store.ts';
import { systemClock } from '../../../src/platform/time/clock.ts';
import { createOwnSessionStore } from '../../../src/sessions/own-session-store.ts';
import { createPendingSignInStore } from '../../../src/sessions/pending-sign-in-store.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { totpStoreOf } from '../../support/second-factors/authenticator.ts';
import { type Explainer, openExplainer, statementsOf } from './statements.ts';

const ROWS = 20_000;
const HASH = (what: string) => `sha256(convert_to('${what} ' || n, 'UTF8'))`;
const PERSON = 'person-7';
const ORIGIN = { address: '192.0.2.1', requestId: 'request' };
const NO_NOTICES = { factorAdded: async () => {}, factorRemoved: async () => {} };
const expiresAt = new Date(Date.now() + 3_600_000);
const hashOf = (text: string) => createHash('sha256').update(text).digest();
/** The tables that grow with people. */
const TABLES = {
  people: ['id, instance_id, email', `'person-' || n, 'demo', 'person-' || n || '@demo.example'`],
  sessions: [
    'uid, id_hash, person_id, payload, expires_at',
    `'session-' || n, ${HASH('session')}, 'person-' || n, '{}', now() + interval '1 day'`,
  ],
  pending_sign_ins: [
    'uid_hash, person_id, password_fingerprint, proven, expires_at',
    `${HASH('pending')}, 'person-' || n, '', '{"methods":[]}', now() + interval '1 day'`,
  ],
  totp_factors: ['person_id, secret_sealed, last_step', `'person-' || n, 'sealed', 1`],
  recovery_codes: ['person_id, code_hash', `'person-' || n, ${HASH('code')}`],
  passkeys: [
    'credential_id, person_id, public_key, aaguid, backed_up, name',
    `${HASH('passkey')}, 'person-' || n, '', '', false, 'A passkey'`,
  ],
  one_time_links: [
    'about, kind, id_hash, code_mac, sealed, expires_at, kept_until',
    `${HASH('about')}, 'reset', ${HASH('link')}, ${HASH('mac')}, '', now() + interval '1 day', now() + interval '1 day'`,
  ],
  link_requests: [
    'browser_hash, about, sealed, expires_at',
    `${HASH('browser')}, ${HASH('about')}, '', now() + interval '1 day'`,
  ],
} as const;

describe('with 20,000 people who have factors and links', () => {
  let database: TestDatabase;
  let explainer: Explainer;
  beforeAll(async () => {
    database = await openTestDatabase('demo');
    await database.knex.transaction(async (trx) => {
      await trx.raw('SET LOCAL statement_timeout = 0');
      // If the user may, this turns off triggers and the look-up of every reference, which are most of the work.
      await trx.raw(
        'DO $$ BEGIN SET LOCAL session_replication_role = replica; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$',
      );
      for (const [table, [columns, values]] of Object.entries(TABLES)) {
        await trx.raw(
          `INSERT INTO ${table} (${columns}) SELECT ${values} FROM generate_series(1, ${ROWS}) AS n`,
        );
      }
    });
    await database.knex.raw('ANALYZE');
    explainer = await openExplainer(database.url ?? '');
  }, 180_000);
  afterAll(async () => {
    await explainer?.close();
    await database.close();
  });

  it.each<[string, (knex: TestDatabase['knex']) => Promise<unknown>]>([
    [
      'a sign-in between two steps',
      async (knex) => {
        const store = createPendingSignInStore(knex, systemClock);
        const signIn = { personId: PERSON, passwordFingerprint: '', proven: [], continued: false };
        await store.save('uid', signIn, expiresAt);
        await store.find('uid');
        await store.end('uid');
      },
    ],
    [
      'an authenticator app',
      async () => {
        const store = totpStoreOf({ database });
        await store.use(PERSON, '00000000-0000-4000-8000-000000000000', 2);
        await store.remove(PERSON, ORIGIN);
        await store.add({ personId: PERSON, secret: 'SECRET', step: 0, codes: ['code'] }, ORIGIN);
      },
    ],
    [
      'a recovery code',
      async (knex) => {
        await createRecoveryCodeStore(knex).use(PERSON, 'code', ORIGIN);
        await createRecoveryCodeStore(knex).replace(PERSON, ['code'], ORIGIN);
      },
    ],
    [
      'a passkey',
      async (knex) => {
        const store = createPasskeyStore(knex, NO_NOTICES);
        await store.find(hashOf('passkey 7'), 'demo');
        await store.list(PERSON);
        const challenge = { value: 'challenge', expiresAt };
        const used = { credentialId: hashOf('passkey 7'), counter: 0, backedUp: false };
        await store.use({ ...used, challenge, origin: ORIGIN });
        await store.rename(PERSON, hashOf('passkey 7'), 'Another name', ORIGIN);
        await store.remove(PERSON, hashOf('passkey 7'), ORIGIN);
      },
    ],
    [
      'a link of a mail',
      async (knex) => {
        const store = createLinkStore(knex);
        const browserHash = hashOf('browser 7');
        await store.findRequest(browserHash);
        await store.find(hashOf('link 7'), browserHash);
        await store.tryCode(browserHash, randomBytes(32));
        await store.listOf(hashOf('about 7'));
        await knex.transaction(async (trx) => {
          await store.isHeld(trx, hashOf('link 7'));
          await store.confirm(trx, hashOf('link 7'));
          await store.take(trx, hashOf('link 7'));
          await store.end(trx, hashOf('about 7'));
          await store.forget(trx, hashOf('about 7'));
        });
      },
    ],
    [
      'the sessions of a person',
      async (knex) => {
        await createOwnSessionStore(knex).list(PERSON);
        await createOwnSessionStore(knex).endOthers(PERSON, 'session-8', ORIGIN);
      },
    ],
  ])('finds by index: %s', async (_what, act) => {
    const sent = await statementsOf(database.knex, () => act(database.knex));
    const statements = sent.filter(({ sql }) => !/^(begin|commit|rollback)/i.test(sql));
    expect(statements.length).toBeGreaterThan(1);
    const scans = await explainer.scans(statements);
    expect(
      scans.filter((scan) => Object.keys(TABLES).some((table) => scan.endsWith(` on ${table}`))),
    ).toEqual([]);
  });
});
