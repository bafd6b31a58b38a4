import { createRefreshFamilyStore } from '../../src/grants/refresh-family-store.ts';
import type { RotationCommit } from '../../src/grants/rotate-family.ts';
import { SAME_CLOCK } from '../../src/platform/time/database-time.ts';
import { obtainTokens, refresh } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const NOW = { proof: undefined, jkt: undefined, mustBeBound: false, now: new Date() };

describe('the commit of a rotation', () => {
  let server: TestServer;
  const open = async (env: Record<string, string> = {}) => {
    server = await startTestServer({ env });
    return server.database.knex;
  };
  afterEach(() => server.close());

  it.each<{ commit: RotationCommit; setting: string }>([
    { commit: 'synchronous', setting: 'on' },
    { commit: 'asynchronous', setting: 'off' },
  ])('is $commit in its own transaction alone', async ({ commit, setting }) => {
    const knex = await open();
    await obtainTokens(server.url);
    const { family, grant_id: id } = await knex('refresh_families').first();
    const { client_id, person_id } = await knex('grants').where({ id }).first();
    const { instance_id: instanceId } = await knex('people').where({ id: person_id }).first();
    const client = { id: client_id, instanceId, refreshTokenTtlSeconds: 60 };
    const settingOf = async (db: typeof knex) =>
      (await db.raw('SHOW synchronous_commit')).rows[0].synchronous_commit;
    const usual = await settingOf(knex);
    const seen = await knex.transaction(async (trx) => {
      await trx.raw('SET LOCAL synchronous_commit = on');
      const rotation = {
        ...NOW,
        client,
        family,
        presented: 0,
        next: 1,
        isSecondTry: false,
        scope: '',
      };
      const rotated = await createRefreshFamilyStore(trx, SAME_CLOCK, commit).rotate(rotation);
      return { person: rotated?.person.id, setting: await settingOf(trx) };
    });
    expect(seen).toEqual({ person: person_id, setting });
    expect(await settingOf(knex)).toBe(usual);
  });

  it('is asynchronous for plain refreshes of a server that is configured so', async () => {
    const knex = await open({ ROTATION_COMMIT: 'asynchronous' });
    const { refresh_token = '' } = await obtainTokens(server.url);
    const statements: string[] = [];
    knex.on('query', ({ sql }: { sql: string }) => statements.push(sql));
    const { status } = await refresh(server.url, refresh_token);
    const [rotation = ''] = statements.filter((sql) => sql.includes('UPDATE refresh_families'));
    const isAsynchronous = rotation.includes("set_config('synchronous_commit', 'off', true)");
    expect({ status, isAsynchronous }).toEqual({ status: 200, isAsynchronous: true });
  });
});
