import { request } from 'node:http';
import { ADA, type Answer, obtainTokens } from '../support/clients/relying-party.ts';
import {
  askToken,
  basic,
  bearerClientSql,
  DEMO_BASIC,
  DEMO_SERVICE,
  ISSUE_TOKEN,
  JWKS,
  mintIdToken,
  secretClientSql,
} from '../support/clients/token-provider.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const BASIC = 'Basic realm="listnr-token-provider", charset="UTF-8"';
const BEARER = 'Bearer realm="listnr-token-provider"';
const REQUEST = { client_id: 'demo-service', subject: 'somebody' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Everything in a refusal that a client can see. */
function refusal({ status, headers, body }: Answer) {
  return {
    status,
    body,
    challenge: headers.get('www-authenticate'),
    cache: headers.get('cache-control'),
  };
}

function refused(status: number, error: string, error_description: string, challenge: string | null = null) {
  return { status, body: { error, error_description }, challenge, cache: 'no-store' };
}

async function presentToken(token: string, clientId: string) {
  return refusal(await askToken(server, `Bearer ${token}`, { client_id: clientId }));
}

describe('refuses a body that cannot be used: 400 invalid_request', () => {
  it.each<[string, unknown, string]>([
    ['not JSON', '{"client_id":', 'The body is not valid JSON.'],
    ['empty', '', 'The body is not valid JSON.'],
    ['an array', [], 'The body must be a JSON object.'],
    ['a string', '"demo-service"', 'The body must be a JSON object.'],
    ['null', 'null', 'The body must be a JSON object.'],
    ['without client_id', { subject: 'somebody' }, 'client_id is required.'],
    ['an empty client_id', { client_id: '' }, 'client_id is required.'],
    ['a client_id of null', { client_id: null }, 'client_id is required.'],
    ['a client_id that is a number', { client_id: 7 }, 'client_id must be a string.'],
    ['a client_id that is an array', { client_id: ['demo-service'] }, 'client_id must be a string.'],
    ['a client_id that is an object', { client_id: { toString: 1 } }, 'client_id must be a string.'],
    ['a scope that is an array', { ...REQUEST, scope: ['read:profile'] }, 'scope must be a string.'],
    ['a scope that is false', { ...REQUEST, scope: false }, 'scope must be a string.'],
    ['a NUL', { ...REQUEST, client_id: 'demo\0' }, 'The body contains a NUL character or broken Unicode.'],
    ['half a surrogate', '{"client_id":"\\ud800"}', 'The body contains a NUL character or broken Unicode.'],
  ])('%s', async (_case, body, description) => {
    expect(refusal(await askToken(server, DEMO_BASIC, body))).toEqual(
      refused(400, 'invalid_request', description),
    );
  });

  it('bytes that are not UTF-8', async () => {
    const answer = await fetch(server.url + ISSUE_TOKEN, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: DEMO_BASIC },
      body: Buffer.from('{"client_id":"\xff"}', 'latin1'),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: 'invalid_request',
      error_description: 'The body is not valid UTF-8.',
    });
  });

  it('a megabyte of it: 413', async () => {
    const answer = await askToken(server, DEMO_BASIC, { ...REQUEST, subject: 'x'.repeat(1_000_000) });
    expect(refusal(answer)).toEqual(refused(413, 'invalid_request', 'The body is larger than 64 KiB.'));
  });

  const subjectRules = 'subject must be a string of 1 to 255 characters without control characters.';
  it.each<[string, unknown, string]>([
    ['left out', undefined, 'subject is required: this client has no default subject.'],
    ['null', null, 'subject is required: this client has no default subject.'],
    ['empty', '', subjectRules],
    ['only spaces', '   ', subjectRules],
    ['a number', 7, subjectRules],
    ['an object', {}, subjectRules],
    ['an array', ['somebody'], subjectRules],
    ['with a line break', 'some\nbody', subjectRules],
    ['with a C1 control', 'some\u0085body', subjectRules],
    ['of 256 characters', 'x'.repeat(256), subjectRules],
  ])('a subject %s', async (_case, subject, description) => {
    expect(refusal(await askToken(server, DEMO_BASIC, { client_id: 'demo-service', subject }))).toEqual(
      refused(400, 'invalid_request', description),
    );
  });

  it('but takes a subject of 255 characters', async () => {
    const answer = await askToken(server, DEMO_BASIC, {
      client_id: 'demo-service',
      subject: 'é'.repeat(255),
    });
    expect(answer.status).toBe(200);
  });

  it('a client_id that is not the authenticated one', async () => {
    await server.seed(secretClientSql('neighbour'));
    for (const client_id of ['neighbour', 'demo-app', 'nobody']) {
      expect(refusal(await askToken(server, DEMO_BASIC, { ...REQUEST, client_id }))).toEqual(
        refused(400, 'invalid_request', 'client_id must be the client that the Authorization header names.'),
      );
    }
  });
});

describe('refuses a body that is not application/json: 415 invalid_request', () => {
  it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/json-seq', 'text/json'])(
    '%s',
    async (type) => {
      const answer = await askToken(server, DEMO_BASIC, REQUEST, { 'content-type': type });
      expect(refusal(answer)).toEqual(refused(415, 'invalid_request', 'The body must be application/json.'));
    },
  );

  it('none at all', async () => {
    const answer = await fetch(server.url + ISSUE_TOKEN, {
      method: 'POST',
      headers: { authorization: DEMO_BASIC },
    });
    expect(answer.status).toBe(415);
  });
});

describe('refuses a scope outside the client’s allowance: 400 invalid_scope', () => {
  it.each([
    ['write:everything', 'This client may not ask for the scope write:everything.'],
    ['read:profile write:everything', 'This client may not ask for the scope write:everything.'],
    ['READ:PROFILE', 'This client may not ask for the scope READ:PROFILE.'],
    ['read:profile\twrite:preferences', 'scope must be a list of scopes separated by spaces.'],
    ['read:profile\n', 'scope must be a list of scopes separated by spaces.'],
    ['"', 'scope must be a list of scopes separated by spaces.'],
    ['x'.repeat(5000), 'scope must be a list of scopes separated by spaces.'],
  ])('%j', async (scope, description) => {
    expect(refusal(await askToken(server, DEMO_BASIC, { ...REQUEST, scope }))).toEqual(
      refused(400, 'invalid_scope', description),
    );
  });

  it('of a bearer client, too, whose allowance is its own', async () => {
    const answer = await askToken(server, `Bearer ${await mintIdToken(server)}`, {
      client_id: 'demo-app',
      scope: 'write:preferences',
    });
    expect(refusal(answer)).toEqual(
      refused(400, 'invalid_scope', 'This client may not ask for the scope write:preferences.'),
    );
  });
});

describe('refuses who does not authenticate: 401 invalid_client', () => {
  it('no Authorization', async () => {
    expect(refusal(await askToken(server, undefined, REQUEST))).toEqual(
      refused(
        401,
        'invalid_client',
        "Authenticate with a user's ID token (Authorization: Bearer) or the client's secret (Authorization: Basic).",
        `${BASIC}, ${BEARER}`,
      ),
    );
  });

  it.each([
    'Digest username=demo-service',
    'Bearer',
    'Basic',
    'Bearer a b',
    'Bearer é',
    'DPoP a.b.c',
    'demo-service',
  ])('Authorization: %s', async (authorization) => {
    expect(refusal(await askToken(server, authorization, REQUEST))).toEqual(
      refused(
        401,
        'invalid_client',
        'The Authorization header must be Bearer and an ID token, or Basic and base64(client_id:client_secret).',
        `${BASIC}, ${BEARER}`,
      ),
    );
  });

  const encode = (text: string) => Buffer.from(text, 'latin1').toString('base64');
  const good = encode(`${DEMO_SERVICE.id}:${DEMO_SERVICE.secret}`);
  it.each([
    ['without a colon', encode('demo-service')],
    ['without a client id', encode(`:${DEMO_SERVICE.secret}`)],
    ['with a NUL', encode(`demo-service\0:${DEMO_SERVICE.secret}`)],
    ['with a line break', encode(`demo-service:${DEMO_SERVICE.secret}\n`)],
    ['that are not UTF-8', encode('demo-service:\xff')],
    ['in base64url', Buffer.from('demo-service:???>>>').toString('base64url')],
    ['without their padding', encode('demo-service:a').replace(/=+$/, '')],
    ['with bits behind the end', encode('demo-service:a').replace(/E=$/, 'F=')],
    ['with a character inside that is not base64', `${good.slice(0, 8)}~${good.slice(8)}`],
  ])('Basic credentials %s', async (_case, credentials) => {
    expect(refusal(await askToken(server, `Basic ${credentials}`, REQUEST))).toEqual(
      refused(
        401,
        'invalid_client',
        'The Basic credentials must be base64(client_id:client_secret), in UTF-8.',
        BASIC,
      ),
    );
  });

  it('but takes the name of the scheme in any case', async () => {
    expect((await askToken(server, DEMO_BASIC.replace('Basic', 'bASIC'), REQUEST)).status).toBe(200);
  });

  it('an unknown client and a wrong secret, with the same answer', async () => {
    const wrong = await askToken(server, basic('demo-service', 'wrong'), REQUEST);
    expect(refusal(wrong)).toEqual(
      refused(401, 'invalid_client', 'The client is unknown or its secret is wrong.', BASIC),
    );
    const attempts = [
      askToken(server, basic('nobody', 'wrong'), { ...REQUEST, client_id: 'nobody' }),
      askToken(server, basic('demo-service', ''), REQUEST),
      askToken(server, basic('demo-service', `${DEMO_SERVICE.secret} `), REQUEST),
      askToken(server, basic('Demo-Service', DEMO_SERVICE.secret), REQUEST),
      askToken(server, basic('demo-service', 'wrong'), { ...REQUEST, client_id: 'neighbour' }),
    ];
    for (const attempt of await Promise.all(attempts)) expect(refusal(attempt)).toEqual(refusal(wrong));
  });

  it('the secret of another client', async () => {
    await server.seed(`${secretClientSql('other-secret')}
      UPDATE listnr_client_secrets SET digest = 'sha256:${'0'.repeat(64)}' WHERE client_id = 'other-secret';`);
    const answer = await askToken(server, basic('other-secret', DEMO_SERVICE.secret), {
      ...REQUEST,
      client_id: 'other-secret',
    });
    expect(refusal(answer).body.error).toBe('invalid_client');
  });

  it('a secret that has expired', async () => {
    await server.seed(`${secretClientSql('expired-secret')}
      UPDATE listnr_client_secrets SET expires_at = now() - interval '1 second' WHERE client_id = 'expired-secret';`);
    const answer = await askToken(server, basic('expired-secret', DEMO_SERVICE.secret), {
      ...REQUEST,
      client_id: 'expired-secret',
    });
    expect(refusal(answer).body.error).toBe('invalid_client');
  });

  it('an unknown client that brings a good ID token', async () => {
    expect(await presentToken(await mintIdToken(server), 'nobody')).toEqual(
      refused(
        401,
        'invalid_client',
        'There is no client of this client_id that authenticates with ID tokens.',
        BEARER,
      ),
    );
  });
});

describe('refuses a client that may not ask here: 403 unauthorized_client', () => {
  it('one that authenticates with ID tokens, and brings a secret', async () => {
    const answer = await askToken(server, basic('demo-app', 'anything'), { client_id: 'demo-app' });
    expect(refusal(answer)).toEqual(
      refused(
        403,
        'unauthorized_client',
        'This client authenticates with ID tokens of its users (Authorization: Bearer).',
      ),
    );
  });

  it('one that authenticates with a secret, and brings an ID token of ours; to anybody else it is unknown', async () => {
    expect(await presentToken(await mintIdToken(server, { aud: 'any-application' }), 'demo-service')).toEqual(
      refused(
        403,
        'unauthorized_client',
        'This client authenticates with its secret (Authorization: Basic).',
      ),
    );
    const unknown = await presentToken('garbage', 'nobody');
    expect(unknown.body.error).toBe('invalid_client');
    const stale = await mintIdToken(server, { exp: 1748650500 });
    for (const token of ['garbage', stale, (await obtainTokens(server.url)).access_token])
      expect(await presentToken(token, 'demo-service')).toEqual(unknown);
  });

  it('a disabled one, once it has authenticated', async () => {
    await server.seed(secretClientSql('disabled-service', { disabled_at: 'now()' }));
    await server.seed(bearerClientSql('disabled-app', { disabled_at: 'now()' }));
    const disabled = refused(403, 'unauthorized_client', 'This client is disabled.');
    const body = { ...REQUEST, client_id: 'disabled-service' };
    const ask = (secret: string) => askToken(server, basic('disabled-service', secret), body);
    expect(refusal(await ask(DEMO_SERVICE.secret))).toEqual(disabled);
    expect(refusal(await ask('wrong')).body.error).toBe('invalid_client');
    expect(await presentToken(await mintIdToken(server), 'disabled-app')).toEqual(disabled);
    expect((await presentToken('garbage', 'disabled-app')).body.error).toBe('invalid_token');
  });

  it('one that is not enabled for this environment', async () => {
    await server.seed(secretClientSql('elsewhere-service', { environments: "'{production}'" }));
    await server.seed(bearerClientSql('elsewhere-app', { environments: "'{}'" }));
    const elsewhere = refused(
      403,
      'unauthorized_client',
      'This client is not enabled for the environment dev.',
    );
    const service = await askToken(server, basic('elsewhere-service', DEMO_SERVICE.secret), {
      ...REQUEST,
      client_id: 'elsewhere-service',
    });
    expect(refusal(service)).toEqual(elsewhere);
    expect(await presentToken(await mintIdToken(server), 'elsewhere-app')).toEqual(elsewhere);
  });
});

describe('refuses a browser of another origin', () => {
  const ask = async (origin: string, idToken: Record<string, unknown> = {}, clientId = 'demo-app') => {
    const token = await mintIdToken(server, idToken);
    return askToken(server, `Bearer ${token}`, { client_id: clientId }, { origin });
  };

  it.each(['null', 'https://evil.example', 'http://127.0.0.1:9999.evil.example', 'http://127.0.0.1'])(
    '%s cannot read the answer',
    async (origin) => {
      const answer = await ask(origin);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('vary')).toBe('Origin');
    },
  );

  it('and the origin of another client', async () => {
    await server.seed(bearerClientSql('other-origin', { origins: "'{https://app.example}'" }));
    const answer = await ask('https://app.example');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const own = await ask('https://app.example', {}, 'other-origin');
    expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });

  it('but its own may read what is wrong with its request', async () => {
    const origin = 'http://127.0.0.1:9999';
    const expired = await ask(origin, { exp: 1 });
    const anonymous = await askToken(server, undefined, { client_id: 'demo-app' }, { origin });
    for (const answer of [expired, anonymous]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-expose-headers')).toBe(
        'WWW-Authenticate, Retry-After, X-Request-Id',
      );
    }
  });
});

describe('refuses other methods: 405', () => {
  it.each([
    ['GET', ISSUE_TOKEN, 'POST, OPTIONS'],
    ['PUT', ISSUE_TOKEN, 'POST, OPTIONS'],
    ['DELETE', ISSUE_TOKEN, 'POST, OPTIONS'],
    ['POST', JWKS, 'HEAD, GET, OPTIONS'],
    ['PUT', JWKS, 'HEAD, GET, OPTIONS'],
  ])('%s %s', async (method, path, allowed) => {
    const answer = await fetch(server.url + path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allowed);
    expect(await answer.json()).toEqual({
      error: 'invalid_request',
      error_description: 'This address does not take that method.',
    });
  });

  it('answers JSON, whatever the request accepts', async () => {
    const answer = await askToken(server, undefined, REQUEST, { accept: 'text/html' });
    expect(answer.body.error).toBe('invalid_client');
  });
});

describe('refuses too many', () => {
  let limited: TestServer;
  beforeAll(async () => {
    limited = await startTestServer({ env: { FAILURES_PER_MINUTE: '3' } });
  });
  afterAll(() => limited.close());

  it('failures of one client: 429 with Retry-After, even for the right secret; its neighbours go on', async () => {
    const wrong = basic('demo-service', 'wrong');
    const failures = [];
    for (let attempt = 0; attempt < 3; attempt += 1)
      failures.push((await askToken(limited, wrong, REQUEST)).status);
    expect(failures).toEqual([401, 401, 401]);

    const answer = await askToken(limited, DEMO_BASIC, REQUEST);
    expect(answer.status).toBe(429);
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(answer.body).toEqual({
      error: 'too_many_requests',
      error_description: `Too many attempts. Try again in ${seconds} seconds.`,
    });
    const neighbour = await askToken(limited, `Bearer ${await mintIdToken(limited)}`, {
      client_id: 'demo-app',
    });
    expect(neighbour.status).toBe(200);
  });

  it('but not for expired ID tokens, which a whole office may bring on the same morning', async () => {
    const expired = await mintIdToken(limited, { exp: 1 });
    for (let attempt = 0; attempt < 4; attempt += 1)
      expect((await askToken(limited, `Bearer ${expired}`, { client_id: 'demo-app' })).status).toBe(401);
  });
});

describe('keeps secrets out of the log', () => {
  it('writes the client and the error, and neither secret nor token', async () => {
    const idToken = await mintIdToken(server, { exp: 1 });
    await askToken(server, `Bearer ${idToken}`, { client_id: 'demo-app' });
    await askToken(server, basic('demo-service', 'a-wrong-secret-to-look-for'), REQUEST);
    const { body } = await askToken(server, DEMO_BASIC, REQUEST);
    const lines = server.logLines().filter(({ path }) => path === ISSUE_TOKEN);
    expect(lines.slice(-3)).toMatchObject([
      { status: 401, error: 'invalid_token', client: 'demo-app' },
      { status: 401, error: 'invalid_client', client: 'demo-service' },
      { status: 200, client: 'demo-service' },
    ]);
    const log = JSON.stringify(server.logLines());
    for (const secret of [
      idToken,
      'a-wrong-secret-to-look-for',
      DEMO_SERVICE.secret,
      body.access_token,
      ADA.email,
    ])
      expect(log).not.toContain(String(secret));
  });
});

it('survives a request that ends before its body does', async () => {
  const { hostname, port } = new URL(server.url);
  await new Promise<void>((closed) => {
    const sending = request({
      hostname,
      port,
      path: ISSUE_TOKEN,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '100', authorization: DEMO_BASIC },
    });
    sending.on('error', () => closed());
    sending.write('{"client_id":', () => sending.destroy());
    sending.on('close', () => closed());
  });
  expect((await askToken(server, DEMO_BASIC, REQUEST)).status).toBe(200);
});
