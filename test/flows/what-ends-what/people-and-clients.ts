import { digestSecret, hashPassword } from '../../../src/platform/digest.ts';
import { lineOf } from './document.ts';
import { noticeChanges, type Row } from './row.ts';
import { refreshAs, type World } from './world.ts';

/** What admins do. */
export function peopleAndClients(row: Row): void {
  row('a person is disabled', ({ person }, sql) => sql(person.id));

  row('a person is enabled again', async (world, sql) => {
    await before(world, 'a person is disabled', world.person.id);
    await sql(world.person.id);
  });

  row('a person is deleted', ({ person }, sql) => sql(person.id));

  row('a password is changed', async ({ person }, sql) => {
    await sql(await hashPassword('another perfectly good password'), person.id);
  });

  row('sessions are ended', ({ person }, sql) => sql(person.id));

  row('grants are ended', ({ person }, sql) => sql(person.id));

  row('a consent is withdrawn', ({ person, spa }, sql) => sql(person.id, spa.client_id));

  row('a client is disabled', ({ web }, sql) => sql(web.client_id));

  row('a client is enabled again', async (world, sql) => {
    await before(world, 'a client is disabled', world.web.client_id);
    await sql(world.web.client_id);
  });

  row('a client is removed', ({ web }, sql) => sql(web.client_id));

  row('a client secret is revoked', async ({ server, url, web, signIns }, sql) => {
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
  });

  row('an instance is removed', ({ instance }, sql) => sql(instance));

  row('a LiSTNR client is disabled', ({ listnrClient }, sql) => sql(listnrClient));

  row('a LiSTNR client is enabled again', async (world, sql) => {
    await before(world, 'a LiSTNR client is disabled', world.listnrClient);
    await sql(world.listnrClient);
  });

  row('a LiSTNR client is removed', ({ listnrClient }, sql) => sql(listnrClient));
}

/** What another line says to do first, and that every process has noticed it. */
async function before({ server }: World, what: string, id: string): Promise<void> {
  await server.database.knex.raw(lineOf(what).sql.replace("'…'", '?'), [id]);
  await noticeChanges(server);
}
