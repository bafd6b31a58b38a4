import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import {
  ADA,
  brief,
  DEMO_WEB,
  exchange,
  explainedAt,
  postForm,
  signIn,
  statusAndError,
} from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

describe('a pushed authorization request (RFC 9126)', () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await startTestServer();
    ({ browser } = await signIn(server.url));
  });
  afterAll(() => server.close());

  const parameters = {
    response_type: 'code',
    client_id: DEMO_WEB.client_id,
    redirect_uri: DEMO_WEB.redirect_uri,
    scope: 'openid email',
    state: 'pushed',
  };
  const push = (changes: Record<string, string> = {}) =>
    postForm(`${server.url}/auth/par`, { ...parameters, ...changes }, BASIC);
  const pushedUrl = (request_uri: unknown, client_id = DEMO_WEB.client_id) =>
    `${server.url}/auth/authorize?${new URLSearchParams({ client_id, request_uri: String(request_uri) })}`;

  it('is answered with an address that leads to a code, once', async () => {
    const pushed = await push();
    const { body } = pushed;
    expect(brief(pushed)).toEqual({
      status: 201,
      body: {
        expires_in: 60,
        request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/),
      },
    });
    const page = await browser.get(`${pushedUrl(body.request_uri)}&scope=everything&state=changed`);
    const { code, ...answer } = Object.fromEntries(new URL(page.location ?? '').searchParams);
    expect(answer).toEqual({ state: 'pushed', iss: server.url });
    expect((await exchange(server.url, String(code))).body.scope).toBe('openid email');

    const again = await browser.get(pushedUrl(body.request_uri), { accept: 'application/json' });
    expect({ status: again.status, body: JSON.parse(again.html) }).toEqual({
      status: 400,
      body: {
        error: 'invalid_request_uri',
        error_description: 'request_uri is invalid, expired, or was already used',
      },
    });
  });

  it('is used once by two browsers at the same time, too', async () => {
    const { body } = await push();
    const pages = await Promise.all([1, 2, 3, 4].map(() => browser.get(pushedUrl(body.request_uri))));
    // A late request gets its answer by redirect, or as a page if it was too late for that, too.
    const answers = pages.flatMap(({ location }) => (location ? [new URL(location).searchParams] : []));
    expect(answers.filter((answer) => answer.has('code'))).toHaveLength(1);
    for (const answer of answers) {
      if (!answer.has('code')) expect(answer.get('error')).toBe('invalid_request_uri');
    }
  });

  it('that expires while its person signs in is used, and once by all who began with it', async () => {
    const { body } = await push();
    const strangers = [openBrowser(), openBrowser()];
    const pages: Page[] = [];
    for (const stranger of strangers)
      pages.push(await stranger.follow(await stranger.get(pushedUrl(body.request_uri))));
    // The minute passes.
    const { knex } = server.database;
    await knex('artifacts')
      .where({ model: 'PushedAuthorizationRequest' })
      .update({ expires_at: knex.raw("expires_at - interval '2 minutes'") });
    await runJob(server, 'housekeeping');
    const answers = [];
    for (const [index, stranger] of strangers.entries()) {
      const credentials = { email: ADA.email, password: ADA.password };
      const signedIn = await stranger.submit(pages[index] as Page, '/sign-in', credentials);
      const page = await stranger.follow(signedIn, DEMO_WEB.redirect_uri);
      answers.push(Object.fromEntries(new URL(String(page.location)).searchParams));
    }
    expect(answers).toEqual([
      { code: expect.any(String), iss: server.url, state: 'pushed' },
      {
        error: 'invalid_request_uri',
        error_description: 'request_uri is invalid, expired, or was already used',
        iss: server.url,
        error_uri: explainedAt(server.url),
        state: 'pushed',
      },
    ]);
  });

  it('is used though housekeeping comes between', async () => {
    const { artifacts } = server.services;
    const { consume } = artifacts;
    try {
      artifacts.consume = async (model, id) => {
        await server.database.knex('artifacts').where({ model }).delete();
        return consume(model, id);
      };
      const page = await browser.get(pushedUrl((await push()).body.request_uri));
      expect(new URL(String(page.location)).searchParams.get('code')).toEqual(expect.any(String));
    } finally {
      artifacts.consume = consume;
    }
  });

  it('is refused when it is pushed, not when a person has followed it', async () => {
    expect(brief(await push({ scope: 'openid everything' }))).toEqual({
      status: 400,
      body: { error: 'invalid_scope', error_description: 'Invalid scopes' },
    });
    expect(brief(await push({ redirect_uri: 'https://evil.example/' }))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(brief(await push({ response_type: 'token' }))).toMatchObject({
      status: 400,
      body: { error: 'unsupported_response_type' },
    });
  });

  it.each([
    ['code_challenge', { code_challenge_method: 'S256' }],
    ['dpop_jkt', {}],
  ])('is refused with a %s that nothing can match', async (name, others) => {
    const sentence = {
      code_challenge:
        'code_challenge must be the SHA-256 of the code_verifier, as 43 characters of base64url',
      dpop_jkt: 'dpop_jkt must be the SHA-256 thumbprint of a key, as 43 characters of base64url',
    }[name];
    const refusal = { error: 'invalid_request', error_description: sentence };
    const good = `${'a'.repeat(42)}A`;
    // Too long; not base64url; 43 characters of which the last holds more than the four bits that are left.
    for (const wrong of [`${good}A`, `${good}${good}`, `${'a'.repeat(42)}~`, `${'a'.repeat(42)}B`]) {
      const fields = { ...others, [name]: wrong };
      expect(brief(await push(fields))).toEqual({ status: 400, body: refusal });
      const query = new URLSearchParams({ ...parameters, ...fields });
      const page = await browser.get(`${server.url}/auth/authorize?${query}`);
      const { state, iss, ...answer } = Object.fromEntries(new URL(page.location ?? '').searchParams);
      expect(answer).toEqual({ ...refusal, error_uri: explainedAt(server.url) });
    }
    expect((await push({ ...others, [name]: good })).status).toBe(201);
  });

  it('belongs to the client that pushed it, for a minute', async () => {
    await withStillTime(async (time) => {
      const { body } = await push();
      const stranger = openBrowser();
      const other = await aClient(server);
      const json = { accept: 'application/json' };
      expect((await stranger.get(pushedUrl(body.request_uri, other.client_id), json)).status).toBe(400);
      time.forward(60);
      const page = await stranger.get(pushedUrl(body.request_uri), json);
      expect(statusAndError({ status: page.status, body: JSON.parse(page.html) })).toEqual({
        status: 400,
        error: 'invalid_request_uri',
      });
    });
  });
});

const BASIC = {
  authorization: `Basic ${btoa(`${DEMO_WEB.client_id}:${DEMO_WEB.client_secret}`)}`,
};
