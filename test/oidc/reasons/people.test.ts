import { openBrowser } from '../../support/browsers/browser.ts';
import {
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  pkceChallenge,
  signIn,
} from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';

describe('why a request was refused, as it is recorded', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /** Returns the rows of the refusals that `act` causes. */
  const recorded = async (act: () => Promise<unknown>) => {
    const { refusalRecorder } = server.services;
    await refusalRecorder.flush();
    await server.database.knex('refusals').delete();
    await act();
    await refusalRecorder.flush();
    return server.database
      .knex('refusals')
      .select('endpoint', 'status', 'client_id', 'error', 'reason', 'came', 'expected')
      .orderBy('id');
  };
  const asWeb = { client_id: DEMO_WEB.client_id };

  it('the person cancels', async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const rows = await recorded(async () =>
      browser.follow(await browser.submit(form, '/abort'), DEMO_WEB.redirect_uri),
    );
    expect(rows).toEqual([
      {
        endpoint: '/auth/authorize',
        status: 303,
        ...asWeb,
        error: 'access_denied',
        reason: 'person.cancelled',
        came: {},
        expected: {},
      },
    ]);
  });

  it('the person does not allow it', async () => {
    const { browser } = await signIn(server.url);
    const form = await browser.follow(
      await browser.get(authorizationUrl(server.url, { ...DEMO_SPA, ...pkceChallenge() })),
    );
    const rows = await recorded(async () =>
      browser.follow(await browser.submit(form, '/consent', { decision: 'deny' }), DEMO_SPA.redirect_uri),
    );
    expect(rows).toMatchObject([
      { client_id: DEMO_SPA.client_id, error: 'access_denied', reason: 'person.refused_consent' },
    ]);
  });

  it('an interaction ended by an older release, which gives no reason', async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const back = await browser.submit(form, '/abort');
    await server.database.knex.raw(
      "UPDATE artifacts SET payload = payload #- '{result,reason}' WHERE payload->'result'->'reason' IS NOT NULL",
    );
    expect(await recorded(() => browser.follow(back, DEMO_WEB.redirect_uri))).toMatchObject([
      { error: 'access_denied', reason: 'person.refused' },
    ]);
  });

  it('another browser opens the page of a sign-in', async () => {
    const form = await openBrowser().get(authorizationUrl(server.url));
    const rows = await recorded(async () => {
      const other = openBrowser();
      await other.follow(await other.get(String(form.location)));
      await other.get(String(form.location).replace(/interaction\/[\w-]+/, 'interaction/0123456789abcdef'));
    });
    expect(rows).toMatchObject([
      { endpoint: '/interaction', ...asWeb, error: 'invalid_request', reason: 'sign_in.over' },
      { endpoint: '/interaction', ...asWeb, error: 'invalid_request', reason: 'sign_in.over' },
    ]);
  });

  it('a registered address disappears while a person signs in', async () => {
    await server.database.knex('clients').insert({
      id: 'changing',
      name: 'Changing',
      instance_id: 'demo',
      type: 'public',
      redirect_uris: ['https://old.example/cb', 'https://new.example/cb'],
      scopes: ['openid'],
      require_pkce: true,
    });
    const browser = openBrowser();
    const asked = { client_id: 'changing', redirect_uri: 'https://old.example/cb', scope: 'openid' };
    const form = await browser.get(authorizationUrl(server.url, { ...asked, ...pkceChallenge() }));
    await server.seed("UPDATE clients SET redirect_uris = '{https://new.example/cb}' WHERE id = 'changing'");
    // A process hears of a change a moment later.
    await until('the change has arrived', async () => {
      const client = await server.services.clients.find('changing');
      return client?.redirectUris.length === 1;
    });
    expect(await recorded(() => browser.get(String(form.location)))).toMatchObject([
      {
        client_id: 'changing',
        error: 'invalid_request',
        reason: 'registration.address_removed',
        came: { redirect_uri: 'https://old.example/cb' },
        expected: { redirect_uri: ['https://new.example/cb'] },
      },
    ]);
  });

  it('signing out: an address, a client or a hint that is not right, or nothing to end', async () => {
    const out = (parameters: Record<string, string>) =>
      fetch(`${server.url}/auth/logout?${new URLSearchParams(parameters)}`, {
        headers: { accept: 'application/json' },
      });
    const rows = await recorded(async () => {
      await out({ ...asWeb, post_logout_redirect_uri: `${server.url}/dmo?a=b` });
      await out({ client_id: 'nobody' });
      await out({});
      await fetch(`${server.url}/auth/logout?client_id=a&client_id=b`);
    });
    expect(
      rows.map(({ status, client_id, reason, came, expected }) => [
        status,
        client_id,
        reason,
        came,
        expected,
      ]),
    ).toEqual([
      [
        400,
        DEMO_WEB.client_id,
        'logout.return_not_registered',
        { post_logout_redirect_uri: `${server.url}/dmo?a=…` },
        { post_logout_redirect_uri: [`${server.url}/demo`] },
      ],
      [400, 'nobody', 'client.unknown', { client_id: 'nobody' }, {}],
      [400, null, 'logout.nothing_ended', {}, {}],
      [400, null, 'parameter.repeated', { parameter: 'client_id' }, {}],
    ]);
  });

  it('a link that begins a sign-in: nowhere to begin, or a target that is not registered', async () => {
    await server.database.knex('clients').insert({
      id: 'begun',
      name: 'Begun',
      instance_id: 'demo',
      type: 'public',
      redirect_uris: ['https://app.example/cb'],
      scopes: ['openid'],
      require_pkce: true,
      initiate_login_uri: 'https://app.example/begin',
      target_link_uris: ['https://app.example/deep'],
    });
    await aClient(server, { id: 'begins-itself' });
    const start = (parameters: Record<string, string>) =>
      fetch(`${server.url}/auth/start?${new URLSearchParams(parameters)}`);
    const rows = await recorded(async () => {
      await start({});
      await start({ client_id: 'begins-itself' });
      await start({ client_id: 'begun', target_link_uri: 'https://app.example/dep' });
      await start({ client_id: 'begun', login_hint: 'x'.repeat(600) });
    });
    expect(rows.map(({ client_id, reason, came, expected }) => [client_id, reason, came, expected])).toEqual([
      [null, 'parameter.missing', {}, { parameter: ['client_id'] }],
      ['begins-itself', 'start.nowhere_to_begin', {}, {}],
      [
        'begun',
        'start.target_not_registered',
        { target_link_uri: 'https://app.example/dep' },
        { target_link_uri: ['https://app.example/deep'] },
      ],
      ['begun', 'start.login_hint_too_long', {}, {}],
    ]);
  });

  it('a code of a device that nobody knows, without the code', async () => {
    const rows = await recorded(() => openBrowser().get(`${server.url}/auth/device?user_code=BCDF-GHJK`));
    expect(rows).toMatchObject([
      { endpoint: '/auth/device', status: 400, error: 'invalid_user_code', reason: 'user_code.unknown' },
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/BCDF/i);
  });
});
