import { buttonsOf, detailOf, messageOf, openBrowser, type Page } from '../support/browsers/browser.ts';
import { sendHttp } from '../support/clients/raw-http.ts';
import { ADA, DEMO_SPA, DEMO_WEB } from '../support/clients/relying-party.ts';
import { aClient, anInstance, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const BEGIN = 'https://payroll.example/begin?from=listo%20pages&iss=https://elsewhere.example#top';
const INBOX = 'https://payroll.example/inbox?unread=1';

let server: TestServer;
let payroll: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  payroll = await aClient(server, {
    name: 'Payroll',
    client_uri: 'https://payroll.example/',
    initiate_login_uri: BEGIN,
    target_link_uris: [INBOX, 'https://payroll.example/holidays'],
  });
});
afterAll(() => server.close());

const start = (parameters: [string, string][] | Record<string, string>, at = server) =>
  openBrowser().get(`${at.url}/auth/start?${new URLSearchParams(parameters)}`);

const seen = (page: Page) => ({
  status: page.status,
  location: page.location,
  title: /<h1>(.*?)<\/h1>/.exec(page.html)?.[1],
  detail: detailOf(page),
  links: buttonsOf(page),
});
const iss = () => encodeURIComponent(server.url);

describe('a link that begins a sign-in', () => {
  it('leads to the address of the application with the issuer, which no parameter of that address replaces', async () => {
    const page = await start({ client_id: payroll.client_id });
    expect({ status: page.status, location: page.location }).toEqual({
      status: 303,
      location: `https://payroll.example/begin?from=listo%20pages&iss=${iss()}#top`,
    });
  });

  it('passes on whom it hints at and a registered place, and nothing else', async () => {
    const { location } = await start({
      client_id: payroll.client_id,
      login_hint: 'ada+x@demo.example&iss=evil',
      target_link_uri: INBOX,
      iss: 'https://evil.example',
      redirect_uri: 'https://evil.example',
    });
    expect(location).toBe(
      `https://payroll.example/begin?from=listo%20pages&iss=${iss()}&login_hint=${encodeURIComponent('ada+x@demo.example&iss=evil')}&target_link_uri=${encodeURIComponent(INBOX)}#top`,
    );
  });

  it('passes on a hint of 512 bytes, and no header or path of a hint’s making', async () => {
    const longest = 'é'.repeat(256);
    const hostile = '\r\nSet-Cookie: a=b\r\n\r\n<script>//evil.example/\\@';
    for (const login_hint of [longest, hostile]) {
      const page = await start({ client_id: payroll.client_id, login_hint });
      const location = new URL(page.location ?? '');
      expect({
        status: page.status,
        begins: location.origin + location.pathname,
        hint: location.searchParams.get('login_hint'),
        cookies: page.headers.getSetCookie(),
      }).toEqual({ status: 303, begins: 'https://payroll.example/begin', hint: login_hint, cookies: [] });
    }
  });

  it('takes an empty hint and an empty place for none', async () => {
    const { location } = await start({ client_id: payroll.client_id, login_hint: '', target_link_uri: '' });
    expect(location).toBe(`https://payroll.example/begin?from=listo%20pages&iss=${iss()}#top`);
  });

  it('sets no cookie, is kept by no cache, and writes no row', async () => {
    const rows = async () => {
      const counts = await Promise.all(
        ['artifacts', 'sessions', 'grants'].map((table) => server.database.knex(table).count()),
      );
      return JSON.stringify(counts);
    };
    const before = await rows();
    const page = await start({ client_id: payroll.client_id, login_hint: 'ada@demo.example' });
    expect({
      cookies: page.headers.getSetCookie(),
      cache: page.headers.get('cache-control'),
      referrer: page.headers.get('referrer-policy'),
    }).toEqual({ cookies: [], cache: 'no-store', referrer: 'no-referrer' });
    expect(await rows()).toBe(before);
  });

  it('works in every instance, also in one with a provider of its own', async () => {
    for (const authentication of ['password', 'oidc']) {
      const instance_id = await anInstance(server);
      if (authentication === 'oidc')
        await server.database.knex.transaction(async (trx) => {
          await trx('instances').where({ id: instance_id }).update({ authentication });
          await trx('upstream_providers').insert({
            instance_id,
            issuer: 'https://idp.example',
            client_id: 'listo',
          });
        });
      const initiate_login_uri = `https://${instance_id}.example/begin`;
      const { client_id } = await aClient(server, { instance_id, initiate_login_uri });
      const { status, location } = await start({ client_id });
      expect({ status, location }).toEqual({ status: 303, location: `${initiate_login_uri}?iss=${iss()}` });
    }
  });

  it('leads through the demo’s application to the sign-in page', async () => {
    const browser = openBrowser();
    const began = await browser.get(
      `${server.url}/auth/start?${new URLSearchParams({ client_id: DEMO_WEB.client_id, login_hint: ADA.email })}`,
    );
    expect(began.location).toBe(
      `${server.url}/demo/sign-in?iss=${iss()}&login_hint=${encodeURIComponent(ADA.email)}`,
    );
    const page = await browser.follow(began);
    expect({ status: page.status, title: /<h1>(.*?)<\/h1>/.exec(page.html)?.[1] }).toEqual({
      status: 200,
      title: 'Sign in to <bdi>Demo web application</bdi>',
    });
  });
});

describe('a link that is wrong gets a page, and leads nowhere', () => {
  const toPayroll = () => [
    'Go back to Payroll: https://payroll.example/',
    `Sign in again to Payroll: https://payroll.example/begin?from=listo%20pages&iss=${iss()}#top`,
  ];

  it.each([
    ['no client', [], 'The parameter client_id is missing.'],
    ['an empty client', [['client_id', '']], 'The parameter client_id is missing.'],
    ['an unknown client', [['client_id', 'nobody']], 'This client_id is not known.'],
    ['a client of LiSTNR', [['client_id', 'client_demo_listnr']], 'This client_id is not known.'],
    ['markup', [['client_id', '"><script>alert(1)</script>']], 'This client_id is not known.'],
    ['a member of every object', [['client_id', '__proto__']], 'This client_id is not known.'],
    ['a name of ten thousand letters', [['client_id', 'a'.repeat(10_000)]], 'This client_id is not known.'],
    [
      'two clients',
      [
        ['client_id', 'client_demo_web'],
        ['client_id', 'client_demo_spa'],
      ],
      'The parameter client_id was sent more than once.',
    ],
  ] satisfies [string, [string, string][], string][])('with %s', async (_what, parameters, detail) => {
    const page = await start(parameters);
    expect(seen(page)).toEqual({
      status: 400,
      location: undefined,
      title: 'This link cannot be used',
      detail,
      links: [],
    });
    expect(messageOf(page)).toBe(
      'It does not begin a sign-in as it is. Open your application, and sign in there.',
    );
  });

  it.each([
    ['login_hint', ['a'.repeat(513)], 'The login_hint is longer than 512 bytes.'],
    ['login_hint', ['é'.repeat(257)], 'The login_hint is longer than 512 bytes.'],
    ['login_hint', ['ada', 'ada'], 'The parameter login_hint was sent more than once.'],
    ['target_link_uri', [INBOX, INBOX], 'The parameter target_link_uri was sent more than once.'],
    ...[
      'https://evil.example/',
      '//evil.example',
      'javascript:alert(1)',
      `${INBOX}&a=b`,
      INBOX.slice(0, -1),
      INBOX.replace('https:', 'HTTPS:'),
      `${INBOX}#top`,
      'https://payroll.example/',
      'https://payroll.example/begin',
      `${INBOX} https://payroll.example/holidays`,
    ].map(
      (uri) =>
        ['target_link_uri', [uri], 'This target_link_uri is not registered for the application.'] as const,
    ),
  ] as const)('with the %s %j, and the page leads to the application', async (name, values, detail) => {
    const page = await start([
      ['client_id', payroll.client_id],
      ...values.map((value): [string, string] => [name, value]),
    ]);
    expect({ ...seen(page), links: buttonsOf(page).toSorted() }).toEqual({
      status: 400,
      location: undefined,
      title: 'This link cannot be used',
      detail,
      links: toPayroll(),
    });
  });

  it('with a target_link_uri that is longer than 2,000 characters, of which the longest registered one has so many', async () => {
    const longest = `https://long.example/${'a'.repeat(1979)}`;
    const { client_id } = await aClient(server, {
      initiate_login_uri: 'https://long.example/begin',
      target_link_uris: [longest],
    });
    const good = await start({ client_id, target_link_uri: longest });
    expect(new URL(good.location ?? '').searchParams.get('target_link_uri')).toBe(longest);
    for (const more of [1, 8000]) {
      const page = await start({ client_id, target_link_uri: longest + 'a'.repeat(more) });
      expect(seen(page)).toMatchObject({
        status: 400,
        location: undefined,
        detail: 'This target_link_uri is not registered for the application.',
      });
      // In development, the explanation shows the developer the beginning of the address that came.
      expect(page.html.replace(/<section class="explanation".*?<\/section>/s, '')).not.toContain('aaaa');
    }
  });

  it.each(['%00', '%ff', '%zz'])('with %s in it', async (value) => {
    for (const name of ['client_id', 'login_hint', 'target_link_uri']) {
      const { status, headers } = await sendHttp(server.port, {
        path: `/auth/start?client_id=${DEMO_WEB.client_id}&${name === 'client_id' ? 'x' : name}=${value}`,
      });
      expect({ name, status, location: headers.location }).toEqual({
        name,
        status: 400,
        location: undefined,
      });
    }
  });

  it('to an application without such an address, or that is disabled', async () => {
    const { client_id } = await aClient(server, { redirect_uris: ['https://time.example/callback'] });
    const name = `The ${client_id}`;
    expect(seen(await start({ client_id }))).toEqual({
      status: 400,
      location: undefined,
      title: 'Begin in the application',
      detail: 'The application has no initiate_login_uri.',
      links: [`Go back to ${name}: https://time.example/`],
    });
    const disabled = await aClient(server, { initiate_login_uri: BEGIN });
    await server.database
      .knex('clients')
      .where({ id: disabled.client_id })
      .update({ disabled_at: new Date() });
    expect(seen(await start({ client_id: disabled.client_id })).detail).toBe('This client_id is not known.');
  });

  it('of a client that has no place of its own, though another has it', async () => {
    const page = await start({ client_id: DEMO_SPA.client_id, target_link_uri: INBOX });
    expect({ status: page.status, detail: detailOf(page) }).toEqual({
      status: 400,
      detail: 'This target_link_uri is not registered for the application.',
    });
  });

  it('to a program as JSON', async () => {
    const answer = await fetch(`${server.url}/auth/start?client_id=nobody`, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
    });
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 400,
      body: { error: 'invalid_request', error_description: 'This client_id is not known.' },
    });
  });

  it('by another method', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await sendHttp(server.port, {
        method,
        path: `/auth/start?client_id=${DEMO_WEB.client_id}`,
      });
      expect({ method, status, allow: headers.allow }).toEqual({ method, status: 405, allow: 'HEAD, GET' });
    }
  });
});

it('counts for the limit of its address', async () => {
  const limited = await startTestServer({ env: { REQUESTS_PER_MINUTE: '3' } });
  try {
    const statuses = [];
    for (let request = 0; request < 4; request += 1)
      statuses.push((await start({ client_id: DEMO_WEB.client_id }, limited)).status);
    expect(statuses).toEqual([303, 303, 303, 429]);
  } finally {
    await limited.close();
  }
});

it('names the client in the log, and neither the hint nor the place', async () => {
  await start({ client_id: payroll.client_id, login_hint: 'hidden@demo.example', target_link_uri: INBOX });
  const lines = server.logLines().filter(({ path }) => path === '/auth/start');
  expect(lines.at(-1)).toMatchObject({ client: payroll.client_id, clientIs: 'registered', status: 303 });
  expect(JSON.stringify(lines)).not.toMatch(/hidden@|inbox/);
});
