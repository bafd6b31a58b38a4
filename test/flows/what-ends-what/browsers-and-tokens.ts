import { DEFAULT_LIFETIMES } from '../../../src/clients/client.ts';
import { postForm } from '../../support/clients/relying-party.ts';
import { aPerson } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { type Acts, noticeChanges } from './act.ts';
import { askSilently, obtainCode, redeem, refreshAs, type World } from './world.ts';

const DAY = 24 * 60 * 60;

/** Acts of people, applications and time. */
export const BROWSERS_AND_TOKENS: Acts = {
  'signing out': async ({ url, browsers, signIns, web }) => {
    const { id_token } = signIns['laptop at web'].tokens;
    const page = await browsers.laptop.get(`${url}/auth/logout?id_token_hint=${id_token}`);
    expect(page.location).toBe(`${url}/auth/logout/success?client_id=${web.client_id}`);
  },

  'somebody else signs in': async ({ server, url, browsers, instance, web }) => {
    const person = await aPerson(server, { instance_id: instance });
    const { laptop: browser } = browsers;
    await obtainCode(url, { browser, client: web, person, parameters: { prompt: 'login' } });
    // The new session belongs to another person; it is removed, to see that the previous one is over.
    await server.database.knex('sessions').where({ person_id: person.id }).delete();
  },

  'a session is not used': async (world) => {
    const session = await grantOf(world)
      .join('sessions', 'uid', 'session_uid')
      .first('uid', 'sessions.expires_at');
    expect(secondsUntil(session.expires_at)).toBe(14 * DAY);
    await world.server.database
      .knex('sessions')
      .where({ uid: session.uid })
      .update(expired(world, 'sessions'));
    await runJob(world.server, 'housekeeping');
    expect(await world.server.database.knex('sessions').where({ uid: session.uid })).toEqual([]);
  },

  'a session is too old': async (world) => {
    const { server, url, browsers, instance, web } = world;
    const { knex } = server.database;
    const { uid } = await grantOf(world).first('session_uid as uid');
    const session = () => knex('sessions').where({ uid });
    const signedInBefore = (seconds: number) => {
      const signedInAt = Math.floor(Date.now() / 1000) - seconds;
      return session().update({ payload: knex.raw('payload || ?::jsonb', [JSON.stringify({ signedInAt })]) });
    };
    const use = async () => {
      expect((await askSilently(url, browsers.laptop, web)).get('error')).toBeNull();
      return secondsUntil((await session().first('expires_at')).expires_at);
    };
    const limit = async (seconds: number | null) => {
      await knex('instances').where({ id: instance }).update({ session_absolute_ttl_seconds: seconds });
      await noticeChanges(server);
    };
    expect(await use()).toBe(14 * DAY);
    await signedInBefore(30 * DAY - 600);
    expect(await use()).toBe(600);
    await limit(31 * DAY);
    expect(await use()).toBe(DAY + 600);
    await limit(null);
    await signedInBefore(30 * DAY);
  },

  'a refresh token is revoked': (world) => revoke(world, 'refresh_token'),

  'an access token is revoked': (world) => revoke(world, 'access_token'),

  'a code is used twice': async ({ url, signIns, web, browsers, person }) => {
    const signIn = signIns['laptop at web'];
    const code = await obtainCode(url, { browser: browsers.laptop, client: web, person });
    const { body } = await redeem(url, web, code);
    Object.assign(signIn, { tokens: body });
    expect((await redeem(url, web, code)).body).toEqual({
      error: 'invalid_grant',
      error_description: 'Authorization code already used: its sign-in was ended',
    });
  },

  'an old refresh token is used': async ({ url, signIns, web }) => {
    const signIn = signIns['laptop at web'];
    const [first = ''] = [signIn.tokens.refresh_token];
    for (let n = 1; n <= 2; n += 1) {
      const { body } = await refreshAs(url, web, signIn.tokens.refresh_token);
      Object.assign(signIn, { tokens: body });
    }
    expect((await refreshAs(url, web, first)).body).toEqual({
      error: 'invalid_grant',
      error_description: 'Refresh token already used: its sign-in was ended',
    });
  },

  'a refresh token is not used': async (world) => {
    const { knex } = world.server.database;
    const family = familyOf(world);
    const { expires_at } = await knex('refresh_families').where({ family }).first('expires_at');
    expect(secondsUntil(expires_at)).toBe(DEFAULT_LIFETIMES.refreshTokenTtlSeconds);
    await knex('refresh_families')
      .where({ family })
      .update({ expires_at: new Date(0) });
  },

  'the absolute limit is reached': async (world) => {
    const { expires_at } = await grantOf(world).first('grants.expires_at');
    expect(secondsUntil(expires_at)).toBe(DEFAULT_LIFETIMES.refreshTokenAbsoluteTtlSeconds);
    const { id } = await grantOf(world).first('grants.id');
    await world.server.database.knex('grants').where({ id }).update(expired(world, 'grants'));
    // A refresh token expires with its grant at the latest.
    await world.server.database
      .knex('refresh_families')
      .where({ grant_id: id })
      .update({ expires_at: new Date(0) });
  },
};

async function revoke({ url, web, signIns }: World, kind: 'refresh_token' | 'access_token'): Promise<void> {
  const { client_id, client_secret } = web;
  const token = signIns['laptop at web'].tokens[kind];
  const { status } = await postForm(`${url}/auth/revoke`, { token, client_id, client_secret });
  expect(status).toBe(200);
}

function familyOf({ signIns }: World): Buffer {
  const [family = ''] = signIns['laptop at web'].tokens.refresh_token.split('.');
  return Buffer.from(family, 'base64url');
}

function grantOf(world: World) {
  return world.server.database
    .knex('grants')
    .join('refresh_families', 'grant_id', 'grants.id')
    .where({ family: familyOf(world) });
}

/** The library uses the expiry in the payload. */
function expired({ server }: World, table: string) {
  const payload = server.database.knex.raw(`${table}.payload || '{"exp": 1}'`);
  return { expires_at: new Date(0), payload };
}

function secondsUntil(date: Date): number {
  return Math.round((date.getTime() - Date.now()) / 100_000) * 100;
}
