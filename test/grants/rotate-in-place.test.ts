import type { Knex } from 'knex';
import { createRefreshFamilyStore } from '../../src/grants/refresh-family-store.ts';
import { createSessionStore } from '../../src/sessions/session-store.ts';
import { obtainTokens } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

describe('what is prolonged with each use', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await obtainTokens(server.url);
  });
  afterAll(() => server.close());

  /** How many rows `change` writes, and how many of them without touching an index. */
  const updates = (table: string, change: (knex: Knex) => Promise<unknown>) =>
    server.database.knex.transaction(async (trx) => {
      const read = async () => {
        const { rows } = await trx.raw(
          `SELECT pg_stat_get_xact_tuples_hot_updated(?::regclass)::int AS in_place,
                  pg_stat_get_xact_tuples_updated(?::regclass)::int AS written`,
          [table, table],
        );
        return rows[0] as { in_place: number; written: number };
      };
      const before = await read();
      await change(trx);
      const after = await read();
      return { written: after.written - before.written, inPlace: after.in_place - before.in_place };
    });
  const anotherTimeThatDay = (moment: Date) =>
    new Date(moment.getTime() + (moment.getUTCHours() < 12 ? 1 : -1) * 1000);

  it('rotates a refresh token without touching an index', async () => {
    const row = await server.database.knex('refresh_families').first();
    const grant = await server.database.knex('grants').where({ id: row.grant_id }).first();
    const person = await server.database.knex('people').where({ id: grant.person_id }).first();
    const now = new Date();
    const seconds = Math.floor((anotherTimeThatDay(row.expires_at).getTime() - now.getTime()) / 1000);
    const client = {
      id: grant.client_id,
      instanceId: person.instance_id,
      refreshTokenTtlSeconds: seconds,
    };
    const rotation = {
      ...{ client, family: row.family, presented: 0, next: 1, isSecondTry: false },
      ...{ scope: '', proof: undefined, jkt: undefined, mustBeBound: false, now },
    };
    const rotate = (knex: Knex) => createRefreshFamilyStore(knex).rotate(rotation);
    expect(await updates('refresh_families', rotate)).toEqual({ written: 1, inPlace: 1 });
  });

  it('prolongs a session without touching an index', async () => {
    const [{ id: personId }] = await server.database.knex('people').limit(1);
    const session = { uid: 'a session', personId, payload: {}, expiresAt: new Date(Date.now() + 3_600_000) };
    await createSessionStore(server.database.knex).start('its id', { ...session, personId: undefined });
    await server.database.knex('sessions').where({ uid: session.uid }).update({ person_id: personId });
    const prolonged = { ...session, expiresAt: anotherTimeThatDay(session.expiresAt) };
    const prolong = (knex: Knex) => createSessionStore(knex).update('its id', prolonged);
    expect(await updates('sessions', prolong)).toEqual({ written: 1, inPlace: 1 });
  });
});
