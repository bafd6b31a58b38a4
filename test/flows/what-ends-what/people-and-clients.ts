import { digestSecret, hashPassword } from '../../../src/platform/secrets/digest.ts';
import { withApp } from '../../support/second-factors/authenticator.ts';
import { type Acts, noticeChanges } from './act.ts';
import { lineOf } from './document.ts';
import { refreshAs, type World } from './world.ts';

/** Acts of admins. */
export const PEOPLE_AND_CLIENTS: Acts = {
  'a person is disabled': ({ person }, sql) => sql(person.id),

  'a person is enabled again': async (world, sql) => {
    await before(world, 'a person is disabled', world.person.id);
    await sql(world.person.id);
  },

  'a person is deleted': ({ person }, sql) => sql(person.id),

  'a password is changed': async ({ person }, sql) => {
    await sql(await hashPassword('another perfectly good password'), person.id);
  },

  'an authenticator app is removed': async ({ server, person }, sql) => {
    await withApp(server, person.id);
    await sql(person.id);
    expect(await server.database.knex('recovery_codes').where({ person_id: person.id })).toEqual([]);
  },

  'sessions are ended': ({ person }, sql) => sql(person.id),

  'grants are ended': ({ person }, sql) => sql(person.id),

  'a consent is withdrawn': ({ person, spa }, sql) => sql(person.id, spa.client_id),

  'a client is disabled': ({ web }, sql) => sql(web.client_id),

  'a client is enabled again': async (world, sql) => {
    await before(world, 'a client is disabled', world.web.client_id);
    await sql(world.web.client_id);
  },

  'a client is removed': ({ web }, sql) => sql(web.client_id),

  'a client secret is revoked': async ({ server, url, web, signIns }, sql) => {
    const { client_id, client_secret } = web;
    const another = `${client_secret}-another`;
    await server.database
      .knex('client_secrets')
      .insert({ client_id, name: 'another', digest: digestSecret(another) });
    await sql(client_id, 'default');
    await noticeChanges(server);
    const { refresh_token } = signIns['laptop at web'].tokens;
    expect((await refreshAs(url, web, refresh_token)).body.error).toBe('invalid_client');
    // The same application, with the other secret.
    web.client_secret = another;
  },

  'an instance is removed': ({ instance }, sql) => sql(instance),

  'a LiSTNR client is disabled': ({ listnrClient }, sql) => sql(listnrClient),

  'a LiSTNR client is enabled again': async (world, sql) => {
    await before(world, 'a LiSTNR client is disabled', world.listnrClient);
    await sql(world.listnrClient);
  },

  'a LiSTNR client is removed': ({ listnrClient }, sql) => sql(listnrClient),
};

/** First does the act of another row, and makes every process notice it. */
async function before({ server }: World, what: string, id: string): Promise<void> {
  await server.database.knex.raw(lineOf(what).sql.replace("'…'", '?'), [id]);
  await noticeChanges(server);
}
