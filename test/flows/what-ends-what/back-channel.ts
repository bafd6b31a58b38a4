import { decodeJwt } from 'jose';
import type { LogoutListener } from '../../support/clients/logout-listener.ts';
import { until } from '../../support/time/until.ts';
import { noticeChanges } from './act.ts';
import type { Line } from './document.ts';
import { concerns } from './state.ts';
import { SIGN_INS, type World } from './world.ts';

/** Registers an address at which each client of a world hears of sign-outs. */
export async function listensAt({ server, signIns }: World): Promise<void> {
  const { knex } = server.database;
  const ids = SIGN_INS.map((name) => signIns[name].client.client_id);
  await knex('clients')
    .whereIn('id', ids)
    .update({ backchannel_logout_uri: knex.raw("'https://' || id || '.example/logout'") });
  await noticeChanges(server);
}

/** One token that a client got: the client, the person, and the session if it names one. */
type News = Record<string, unknown>;

/** The tokens that the clients of a world got, once everything is delivered. */
export async function toldBy({ server, signIns }: World, { heard }: LogoutListener): Promise<News[]> {
  const { knex } = server.database;
  await server.services.outbox.run(new AbortController().signal);
  await until(
    'everything is delivered',
    async () => !(await knex('deliveries').whereNotNull('due_at').first()),
  );
  expect(await knex('deliveries').whereNotNull('last_error')).toEqual([]);
  const subjects = SIGN_INS.map((name) => decodeJwt(signIns[name].tokens.id_token).sub);
  return sorted(
    heard
      .filter(({ claims }) => subjects.includes(claims.sub))
      .map(({ url, claims: { aud, sub, sid } }) => ({ url, aud, sub, sid })),
  );
}

/** The tokens that they get according to a row. A client of two browsers hears of each session. */
export function toldSaidBy({ signIns }: World, { told, of }: Line): News[] {
  if (told === '–') return [];
  const ended = SIGN_INS.filter((name) => concerns(of, name));
  return sorted(
    ended.map((name) => {
      const { aud, sub, sid } = decodeJwt(signIns[name].tokens.id_token);
      return {
        url: `https://${aud}.example/logout`,
        aud,
        sub,
        sid: told === 'that client' ? undefined : sid,
      };
    }),
  );
}

function sorted(news: News[]): News[] {
  return news.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}
