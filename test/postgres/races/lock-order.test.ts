import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createPasskeyStore } from '../../../src/authentication/passkey/passkey-store.ts';
import { newRecoveryCodes } from '../../../src/authentication/recovery-codes/recovery-code.ts';
import { createLinkStore } from '../../../src/mail/links/link-store.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { totpStoreOf } from '../../support/second-factors/authenticator.ts';

const ORIGIN = { address: '192.0.2.1', requestId: 'a request' };
const NO_NOTICES = { factorAdded: async () => {}, factorRemoved: async () => {} };
const PAIRS = 20;

/** Two processes act at the same time, on connections of their own. */
describe('changes that meet', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase('demo');
  });
  afterAll(() => database.close());

  async function aPerson(): Promise<string> {
    const id = randomUUID();
    await database.knex('people').insert({ id, instance_id: 'demo', email: `${id}@demo.example` });
    return id;
  }

  /** Resolves when a statement of this database waits for a lock. */
  async function untilOneWaits(): Promise<void> {
    for (;;) {
      const { rows } = await database.knex.raw(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      if (rows.length > 0) return;
      await pause(5);
    }
  }

  async function deadlocks(): Promise<string> {
    const { rows } = await database.knex.raw(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    return rows[0].deadlocks;
  }

  it('take the recovery codes with the last factor, when both factors go at once', async () => {
    const { knex } = database;
    const totp = totpStoreOf({ database });
    const passkeys = createPasskeyStore(knex, NO_NOTICES);
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const person = await aPerson();
      const credentialId = randomBytes(16);
      await totp.add({ personId: person, secret: 'SECRET', step: 0, codes: newRecoveryCodes() }, undefined);
      await knex('passkeys').insert({
        credential_id: credentialId,
        person_id: person,
        public_key: Buffer.alloc(1),
        aaguid: '',
        backed_up: false,
        name: 'A passkey',
      });
      await Promise.all([totp.remove(person, ORIGIN), passkeys.remove(person, credentialId, ORIGIN)]);
    }
    expect(await knex('recovery_codes').count().first()).toEqual({ count: '0' });
  });

  it.each(['a code is typed', 'the browser asks again'])(
    'do not wait for each other when %s while the link is used',
    async (what) => {
      const { knex } = database;
      const links = createLinkStore(knex);
      const link = {
        about: randomBytes(32),
        kind: 'reset' as const,
        idHash: randomBytes(32),
        codeMac: randomBytes(32),
        sealed: '',
        payload: {},
      };
      const browserHash = randomBytes(32);
      const ask = () =>
        links.ask(link, { browserHash, sealed: '', personId: null, instanceId: 'demo' }, ORIGIN);
      await ask();
      const before = await deadlocks();
      const act = () => (what === 'a code is typed' ? links.tryCode(browserHash, randomBytes(32)) : ask());
      await knex.transaction(async (trx) => {
        await links.take(trx, link.idHash);
        const other = act();
        await untilOneWaits();
        await links.forget(trx, link.about);
        void other.catch(() => undefined);
      });
      expect(await deadlocks()).toBe(before);
    },
  );
});
