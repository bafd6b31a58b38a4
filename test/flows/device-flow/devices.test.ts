import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  brief,
  postForm,
  refused,
  statusAndError,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, aPerson } from '../../support/registrations/factories.ts';
import {
  aDeviceWorld,
  CANCELLED,
  confirm,
  DEVICE_CODE,
  type DeviceAnswer,
  PENDING,
  SIGNED_IN,
  seen,
} from './world.ts';

const world = aDeviceWorld();
const { server, television, aDevice, ask, begin, poll, approve, rowOf, expire } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

describe('a device without a browser', () => {
  it('is given a code to poll with, a short one for the person, and where they take it', async () => {
    expect((await ask(television())).body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/),
      verification_uri: `${server().url}/auth/device`,
      verification_uri_complete: expect.stringContaining(`${server().url}/auth/device?user_code=`),
      expires_in: 600,
    });
  });

  it('waits until the person has signed in, and then gets its tokens', async () => {
    const code = await begin();
    expect(brief(await poll(code))).toEqual(PENDING);

    const done = await approve(code, { browser: openBrowser() });
    expect(seen(done)).toEqual(SIGNED_IN);
    expect(done.html).toContain('<bdi>Television</bdi> goes on there');
    const { status, body } = await poll(code);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        id_token: expect.any(String),
        expires_in: 3600,
        scope: 'openid profile',
        token_type: 'Bearer',
      },
    });
    const { access_token, refresh_token = '' } = body as unknown as Tokens;
    expect((await userinfo(server().url, access_token)).body).toMatchObject({
      sub: ADA.id,
      name: 'Ada Lovelace',
    });
    const refreshed = await postForm(`${server().url}/auth/token`, {
      grant_type: 'refresh_token',
      refresh_token,
      client_id: television().client_id,
    });
    expect({ status: refreshed.status, scope: refreshed.body.scope }).toEqual({
      status: 200,
      scope: 'openid profile',
    });
    // The session is the one of the person's browser, which goes on without the device.
    for (const { id_token } of [body, refreshed.body])
      expect(decodeJwt(String(id_token))).not.toHaveProperty('sid');
  });

  it('is any client library, which knows nothing of us', async () => {
    const { client_id, client_secret } = await aDevice({ type: 'confidential' });
    const config = await client.discovery(
      new URL(server().url),
      client_id,
      undefined,
      client.ClientSecretBasic(client_secret),
      { execute: [client.allowInsecureRequests] },
    );
    const answer = await client.initiateDeviceAuthorization(config, { scope: 'openid email' });
    await approve(answer as unknown as DeviceAnswer);
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...answer, interval: 0 });
    expect({ sub: tokens.claims()?.sub, scope: tokens.scope }).toEqual({
      sub: ADA.id,
      scope: 'openid email',
    });
  });

  it('may be a client that people sign in to by redirect as well', async () => {
    const both = await aClient(server(), {
      grant_types: ['authorization_code', DEVICE_CODE],
      require_consent: false,
    });
    const form = { scope: 'openid', client_secret: both.client_secret };
    const code = await begin(both, form);
    await approve(code);
    const { body } = await postForm(`${server().url}/auth/token`, {
      grant_type: DEVICE_CODE,
      device_code: code.device_code,
      ...both,
    });
    // Without the refresh grant there is no refresh token.
    expect(Object.keys(body).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'scope',
      'token_type',
    ]);
  });
});

describe('the endpoint of devices refuses', () => {
  it('a client that is not registered for it', async () => {
    const other = await aDevice({ grant_types: ['refresh_token'] });
    expect(brief(await ask(other))).toEqual(
      refused('unauthorized_client', `This client may not use the grant type ${DEVICE_CODE}`),
    );
    const { device_code } = await begin();
    expect(brief(await poll({ device_code }, other))).toEqual(
      refused('unauthorized_client', `This client may not use the grant type ${DEVICE_CODE}`),
    );
  });

  it('a client that does not exist, or does not prove who it is', async () => {
    const backend = await aDevice({ type: 'confidential' });
    const answers = [ask({ client_id: 'unknown' }), ask(backend), ask(backend, { client_secret: 'wrong' })];
    for (const answer of answers)
      expect(statusAndError(await answer)).toEqual({ status: 401, error: 'invalid_client' });
  });

  it.each([
    ['a scope that is not its own', 'openid email', refused('invalid_scope', 'Invalid scopes')],
    ['an unknown scope', 'openid everything', refused('invalid_scope', 'Invalid scopes')],
    ['no scope', '', refused('invalid_request', "missing required parameter 'scope'")],
  ])('%s', async (_what, scope, refusal) => {
    const modest = await aDevice({ scopes: ['openid', 'profile'] });
    expect(brief(await ask(modest, { scope }))).toEqual(refusal);
  });
});

it('a device whose tokens could not be saved asks again, and gets them', async () => {
  const code = await begin();
  await approve(code);
  const { knex } = server().database;
  await knex.raw(`
    CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER refuse_row BEFORE INSERT ON refresh_families FOR EACH ROW EXECUTE FUNCTION refuse_row()`);
  expect((await poll(code)).status).toBe(503);
  await knex.raw('DROP FUNCTION refuse_row CASCADE');
  const { status, body } = await poll(code);
  expect(status).toBe(200);
  expect((await userinfo(server().url, (body as unknown as Tokens).access_token)).status).toBe(200);
});

describe('a device that polls is refused', () => {
  it('what it asks too soon, until it has waited', async () => {
    const code = await begin();
    expect(brief(await poll(code))).toEqual(PENDING);
    const slowDown = refused(
      'slow_down',
      'you are polling too quickly and should back off at a reasonable rate',
    );
    expect(brief(await poll(code))).toEqual(slowDown);
    await server().database.knex.raw(
      "UPDATE artifacts SET polled_at = polled_at - interval '5 seconds' WHERE polled_at IS NOT NULL",
    );
    expect(brief(await poll(code))).toEqual(PENDING);
    // The device gets the person's decision at once.
    await approve(code);
    expect((await poll(code)).status).toBe(200);
  });

  it('a code that nobody was given, or another client', async () => {
    const code = await begin();
    await approve(code);
    const notValid = refused('invalid_grant', 'Device code is not valid');
    expect(brief(await poll({ device_code: 'unknown' }))).toEqual(notValid);
    expect(brief(await poll({ device_code: code.user_code }))).toEqual(notValid);
    expect(brief(await poll(code, await aDevice()))).toEqual(notValid);
    expect((await poll(code)).status).toBe(200);
  });

  it('a code that expired', async () => {
    const code = await begin();
    await expire(code);
    // Housekeeping keeps it for ten more minutes, so that the device learns that it expired.
    const { expires_at } = await rowOf(code).first();
    expect(Math.round((expires_at.getTime() - Date.now()) / 60_000)).toBe(20);
    expect(brief(await poll(code))).toEqual(refused('expired_token', 'Device code expired'));
  });

  it('the tokens a second time, and what the first time gave is ended', async () => {
    const code = await begin();
    await approve(code);
    const { access_token } = (await poll(code)).body as unknown as Tokens;
    expect(brief(await poll(code))).toEqual(
      refused('invalid_grant', 'Device code already used: its sign-in was ended'),
    );
    expect((await userinfo(server().url, access_token)).status).toBe(401);
  });

  it('the tokens in all but one of ten requests at once', async () => {
    const code = await begin();
    await approve(code);
    const answers = await Promise.all(Array.from({ length: 10 }, () => poll(code)));
    const outcomes = answers.map(({ status, body }) => `${status} ${body.error ?? 'tokens'}`);
    expect(outcomes.sort()).toEqual(['200 tokens', ...Array(9).fill('400 invalid_grant')]);
  });

  it('when the person said no', async () => {
    const code = await begin();
    const browser = openBrowser();
    const page = await browser.get(code.verification_uri_complete);
    expect(seen(await browser.submit(page, '/auth/device', { abort: 'yes' }))).toEqual(CANCELLED);
    expect(brief(await poll(code))).toEqual(refused('access_denied', 'End-User aborted interaction'));
  });

  it('when the person cancelled signing in', async () => {
    const code = await begin();
    const browser = openBrowser();
    const page = await confirm(browser, code);
    expect(page.html).toContain('type="submit">Cancel</button>');
    expect(seen(await browser.follow(await browser.submit(page, '/abort')))).toEqual(CANCELLED);
    expect(statusAndError(await poll(code))).toEqual({ status: 400, error: 'access_denied' });
  });

  it('when the person signed out, or was disabled, before it asked', async () => {
    const person = await aPerson(server());
    const browser = openBrowser();
    const first = await begin();
    const second = await begin();
    await approve(first, { browser, person });
    await approve(second, { browser, person });
    const { id_token } = (await poll(first)).body as unknown as Tokens;
    await browser.get(`${server().url}/auth/logout?id_token_hint=${id_token}`);
    expect(brief(await poll(second))).toEqual(refused('invalid_grant', 'Device code is not valid'));

    const third = await begin();
    await approve(third, { person });
    await server().database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    expect(brief(await poll(third))).toEqual(refused('invalid_grant', 'Device code is not valid'));
  });
});
