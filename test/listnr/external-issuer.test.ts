import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { createExternalKeys } from '../../src/tokens/id-tokens/external-keys.ts';
import { ADA, type Answer } from '../support/clients/relying-party.ts';
import {
  askToken,
  bearerClientSql,
  mintIdToken,
  personSql,
  verifyToken,
} from '../support/clients/token-provider.ts';
import { startTestServer, type TestServer, unique } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

/** A registered Firebase project: its own issuer, with keys at another host's address. */
const FIREBASE = 'https://securetoken.google.com/listo-demo';
const ORIGIN = 'https://app.example';
const TIMEOUT_MILLISECONDS = 300;

let server: TestServer;
let keyHost: Server;
let firebaseKey: ExternalKey;

/** The key host's answer for each path, and how often it was fetched. */
const answers = new Map<string, RequestListener>();
const fetches = new Map<string, number>();

beforeAll(async () => {
  keyHost = createServer((req, res) => {
    const path = req.url ?? '';
    fetches.set(path, (fetches.get(path) ?? 0) + 1);
    answers.get(path)?.(req, res);
  });
  await new Promise<void>((listening) => keyHost.listen(0, '127.0.0.1', listening));
  firebaseKey = await generateKey('RS256');
  server = await startTestServer({
    overrides: {
      externalKeys: createExternalKeys({
        fetch,
        timeoutMilliseconds: TIMEOUT_MILLISECONDS,
        pauseMilliseconds: 0,
      }),
    },
  });
});
afterAll(async () => {
  keyHost.closeAllConnections();
  await new Promise((closed) => keyHost.close(closed));
  await server.close();
});
afterEach(() => {
  jest.useRealTimers();
});

interface ExternalKey {
  privateKey: CryptoKey;
  jwk: JWK;
}

async function generateKey(alg: string, kid: string | undefined = unique('kid')): Promise<ExternalKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), alg, use: 'sig', ...(kid ? { kid } : {}) } };
}

function serveKeys(path: string, keys: JWK[]): void {
  answers.set(path, (_req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ keys }));
  });
}

function uriOf(path: string): string {
  return `http://127.0.0.1:${(keyHost.address() as AddressInfo).port}${path}`;
}

/** Registers a client for the ID tokens of a Firebase project, with its own address for the keys. */
async function registerClient({
  answer,
  keys = [firebaseKey.jwk],
  algorithms = 'RS256',
  jwksUri,
}: {
  answer?: RequestListener;
  keys?: JWK[];
  algorithms?: string;
  jwksUri?: string;
} = {}) {
  const id = unique('external');
  const path = `/${id}`;
  if (answer) answers.set(path, answer);
  else serveKeys(path, keys);
  await server.seed(
    bearerClientSql(id, { claims: "'{email,display_name,first_name}'", origins: `'{${ORIGIN}}'` }, [
      `('${id}', '${FIREBASE}', '${jwksUri ?? uriOf(path)}', '{listo-demo}', '{${algorithms}}', NULL)`,
    ]),
  );
  return { id, path };
}

async function firebaseToken(
  { privateKey, jwk }: ExternalKey = firebaseKey,
  claims: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: FIREBASE,
    aud: 'listo-demo',
    sub: 'firebase-user-1',
    iat: now,
    exp: now + 3600,
    email: 'grace@example.com',
    email_verified: true,
    name: 'Grace Hopper',
    given_name: 'Grace',
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: String(jwk.alg), typ: 'JWT', ...(jwk.kid ? { kid: jwk.kid } : {}) })
    .sign(privateKey);
}

async function present(clientId: string, token: string): Promise<Answer> {
  return askToken(server, `Bearer ${token}`, { client_id: clientId }, { origin: ORIGIN });
}

function outcome({ status, body }: Answer) {
  return { status, error: body.error, description: body.error_description };
}

const UNAVAILABLE = {
  status: 503,
  error: 'temporarily_unavailable',
  description: "The keys of the ID token's issuer cannot be fetched just now. Try again in a few seconds.",
};

function refused(description: string) {
  return { status: 401, error: 'invalid_token', description };
}

describe('an external issuer', () => {
  it('its ID token gives a token about its user', async () => {
    const { id } = await registerClient();
    const answer = await present(id, await firebaseToken());
    const { payload } = await verifyToken(server, answer.body.access_token, { audience: id });
    expect(payload).toEqual({
      iss: server.url,
      sub: 'firebase-user-1',
      aud: id,
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
      email: 'grace@example.com',
      display_name: 'Grace Hopper',
      first_name: 'Grace',
    });
  });

  it('its user need not be a person of ours, disabled or not', async () => {
    const { id, sql } = personSql({ disabled: true });
    await server.seed(sql);
    const client = await registerClient();
    expect((await present(client.id, await firebaseToken(firebaseKey, { sub: id }))).status).toBe(200);
  });

  it('its keys are fetched once for many tokens, also for those that arrive together', async () => {
    const { id, path } = await registerClient();
    const token = await firebaseToken();
    const together = await Promise.all(Array.from({ length: 5 }, () => present(id, token)));
    expect(together.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await present(id, token)).status).toBe(200);
    expect(fetches.get(path)).toBe(1);
  });

  it('its keys are fetched again after ten minutes, and an unknown kid fetches them after half a minute', async () => {
    const start = Date.now();
    jest.useFakeTimers({ now: start, doNotFake: EVERYTHING_BUT_DATE });
    const { id, path } = await registerClient();
    const fresh = await generateKey('RS256');
    expect((await present(id, await firebaseToken())).status).toBe(200);

    serveKeys(path, [fresh.jwk, firebaseKey.jwk]);
    expect(outcome(await present(id, await firebaseToken(fresh)))).toEqual(
      refused('The ID token is signed with an unknown key.'),
    );
    expect(fetches.get(path)).toBe(1);

    jest.setSystemTime(start + 31_000);
    expect((await present(id, await firebaseToken(fresh))).status).toBe(200);
    expect((await present(id, await firebaseToken())).status).toBe(200);
    expect(fetches.get(path)).toBe(2);

    jest.setSystemTime(start + 31_000 + 601_000);
    expect((await present(id, await firebaseToken())).status).toBe(200);
    expect(fetches.get(path)).toBe(3);
  });

  it('another algorithm than RS256 is taken from an issuer registered with it, and no other', async () => {
    const es256 = await generateKey('ES256');
    const { id } = await registerClient({ algorithms: 'ES256', keys: [es256.jwk, firebaseKey.jwk] });
    expect((await present(id, await firebaseToken(es256))).status).toBe(200);
    expect(outcome(await present(id, await firebaseToken()))).toEqual(
      refused('The ID token is signed with an algorithm that is not accepted.'),
    );
  });

  it('a token without a kid is taken when there is only one key it can mean', async () => {
    const anonymous = await generateKey('RS256', '');
    const one = await registerClient({ keys: [anonymous.jwk] });
    expect((await present(one.id, await firebaseToken(anonymous))).status).toBe(200);
    const two = await registerClient({ keys: [anonymous.jwk, firebaseKey.jwk] });
    expect(outcome(await present(two.id, await firebaseToken(anonymous)))).toEqual(
      refused('The signature of the ID token is not valid.'),
    );
  });
});

describe('refuses', () => {
  it('a token of one issuer signed with the key of another', async () => {
    const { id, path } = await registerClient();
    const bothId = unique('both');
    await server.seed(
      bearerClientSql(bothId, {}, [
        `('${bothId}', 'self', NULL, '{client_demo_web}', '{RS256}', 'listo:')`,
        `('${bothId}', '${FIREBASE}', '${uriOf(path)}', '{listo-demo}', '{RS256}', 'firebase:')`,
      ]),
    );
    const oursForTheirs = await mintIdToken(server, { iss: FIREBASE, aud: 'listo-demo' });
    const theirsForOurs = await firebaseToken(firebaseKey, {
      iss: server.url,
      aud: 'client_demo_web',
      sub: ADA.id,
    });
    const unknownKey = refused('The ID token is signed with an unknown key.');
    expect(outcome(await present(id, oursForTheirs))).toEqual(unknownKey);
    expect(outcome(await present(bothId, theirsForOurs))).toEqual(unknownKey);
  });

  it('the audience that only the other issuer may have', async () => {
    const { id } = await registerClient();
    const token = await firebaseToken(firebaseKey, { aud: 'client_demo_web' });
    expect(outcome(await present(id, token))).toEqual(
      refused('The ID token was issued to an application that this client does not accept.'),
    );
  });

  it('a key too short to be trusted', async () => {
    const { privateKey, publicKey } = (await crypto.subtle.generateKey(
      {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: 1024,
        publicExponent: Buffer.from([1, 0, 1]),
        hash: 'SHA-256',
      },
      true,
      ['sign', 'verify'],
    )) as { privateKey: CryptoKey; publicKey: CryptoKey };
    const jwk = { ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'short' };
    const { id } = await registerClient({ keys: [jwk] });
    const [header, payload] = (await firebaseToken({ privateKey: firebaseKey.privateKey, jwk })).split('.');
    const signature = await crypto.subtle.sign(
      'RSASSA-PKCS1-v1_5',
      privateKey,
      Buffer.from(`${header}.${payload}`),
    );
    const token = `${header}.${payload}.${Buffer.from(signature).toString('base64url')}`;
    expect(outcome(await present(id, token))).toEqual(refused('The signature of the ID token is not valid.'));
  });
});

describe('an external issuer whose keys cannot be had: 503, never 500', () => {
  it.each<[string, RequestListener]>([
    ['an error', (_req, res) => res.writeHead(500).end()],
    ['a redirect', (_req, res) => res.writeHead(302, { location: uriOf('/elsewhere') }).end()],
    ['a page', (_req, res) => res.end('<!doctype html>')],
    ['something else', (_req, res) => res.end('{"keys":"none"}')],
    ['a key without its numbers', (_req, res) => res.end(JSON.stringify({ keys: [broken()] }))],
    ['half an answer', (_req, res) => void res.write('{"keys":', () => res.destroy())],
    ['nothing in time', () => {}],
    ['half an answer, and no more in time', (_req, res) => void res.write('{"keys":')],
  ])('it answers with %s', async (_case, answer) => {
    const { id } = await registerClient({ answer });
    const refusal = await present(id, await firebaseToken());
    expect(outcome(refusal)).toEqual(UNAVAILABLE);
    expect(refusal.headers.get('retry-after')).toBe('5');
    expect(refusal.headers.get('cache-control')).toBe('no-store');
    expect(refusal.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  function broken(): JWK {
    return { kty: 'RSA', alg: 'RS256', ...(firebaseKey.jwk.kid ? { kid: firebaseKey.jwk.kid } : {}) };
  }

  it('it is not there; and everything works again once it is', async () => {
    const nobody = createServer();
    await new Promise<void>((listening) => nobody.listen(0, '127.0.0.1', listening));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((closed) => nobody.close(closed));
    const down = await registerClient({ jwksUri: `http://127.0.0.1:${port}/jwks` });
    expect(outcome(await present(down.id, await firebaseToken()))).toEqual(UNAVAILABLE);

    const { id, path } = await registerClient({ answer: (_req, res) => res.writeHead(503).end() });
    expect(outcome(await present(id, await firebaseToken()))).toEqual(UNAVAILABLE);
    serveKeys(path, [firebaseKey.jwk]);
    expect((await present(id, await firebaseToken())).status).toBe(200);
  });

  it('it is waited for no longer than the timeout', async () => {
    const { id } = await registerClient({ answer: () => {} });
    const started = performance.now();
    expect(outcome(await present(id, await firebaseToken()))).toEqual(UNAVAILABLE);
    const waited = performance.now() - started;
    expect(waited).toBeGreaterThan(TIMEOUT_MILLISECONDS - 20);
    expect(waited).toBeLessThan(TIMEOUT_MILLISECONDS + 4000);
  });

  it('clients of other issuers do not notice', async () => {
    const { id } = await registerClient({ answer: () => {} });
    const [stuck, ours] = await Promise.all([
      present(id, await firebaseToken()),
      askToken(server, `Bearer ${await mintIdToken(server)}`, { client_id: 'demo-app' }),
    ]);
    expect({ stuck: stuck.status, ours: ours.status }).toEqual({ stuck: 503, ours: 200 });
  });

  it('a token that is refused without its keys makes nobody fetch them', async () => {
    const { id, path } = await registerClient();
    const hostile = [
      await firebaseToken(firebaseKey, { iss: 'https://evil.example' }),
      await mintIdToken(server, { iss: FIREBASE }, { header: { typ: 'at+jwt' } }),
      await mintIdToken(server, { iss: FIREBASE }, { header: { alg: 'HS256' }, key: Buffer.alloc(32, 1) }),
    ];
    for (const token of hostile) expect((await present(id, token)).status).toBe(401);
    expect(fetches.get(path)).toBeUndefined();
  });
});

describe('a client of two issuers', () => {
  it('tells their people apart by the prefix each is registered with', async () => {
    const { path } = await registerClient();
    const id = unique('two-issuers');
    await server.seed(
      bearerClientSql(id, {}, [
        `('${id}', 'self', NULL, '{client_demo_web}', '{RS256}', 'listo:')`,
        `('${id}', '${FIREBASE}', '${uriOf(path)}', '{listo-demo}', '{RS256}', 'firebase:')`,
      ]),
    );
    const subjectOf = async (token: string) => {
      const { body } = await present(id, token);
      return (await verifyToken(server, body.access_token, { audience: id })).payload.sub;
    };
    expect(await subjectOf(await mintIdToken(server))).toBe(`listo:${ADA.id}`);
    expect(await subjectOf(await firebaseToken(firebaseKey, { sub: ADA.id }))).toBe(`firebase:${ADA.id}`);
  });

  it('cannot make our own issuer an external one: our keys verify it and disabled people stay out', async () => {
    const { path } = await registerClient();
    const id = unique('self-as-external');
    const person = personSql({ disabled: true });
    await server.seed(
      person.sql +
        bearerClientSql(id, {}, [
          `('${id}', '${server.url}', '${uriOf(path)}', '{client_demo_web}', '{RS256}', NULL)`,
        ]),
    );
    await server.services.denied.reload();
    expect((await present(id, await mintIdToken(server))).status).toBe(200);
    expect(outcome(await present(id, await mintIdToken(server, { sub: person.id })))).toEqual(
      refused('The person whom the ID token is about can no longer sign in.'),
    );
    const claims = { iss: server.url, aud: 'client_demo_web', sub: ADA.id };
    expect(outcome(await present(id, await firebaseToken(firebaseKey, claims)))).toEqual(
      refused('The ID token is signed with an unknown key.'),
    );
  });
});

describe('the sets of external keys', () => {
  it('leave an issuer alone for a while that did not answer', async () => {
    let asked = 0;
    const keysAt = createExternalKeys({
      fetch: async () => {
        asked += 1;
        return new Response(null, { status: 500 });
      },
      pauseMilliseconds: 60_000,
    });
    const find = () =>
      keysAt('https://issuer.example/jwks')({ alg: 'RS256' }, { payload: '', signature: '' });
    await withStillTime(async (time) => {
      for (let n = 0; n < 3; n += 1) {
        await expect(find()).rejects.toMatchObject({ status: 503 });
        // Setting the clock does not change the elapsed time.
        time.forward(3600);
      }
    });
    expect(asked).toBe(1);
  });

  it('are kept for a hundred addresses, the one used longest ago making room', async () => {
    const asked: string[] = [];
    const keysAt = createExternalKeys({
      fetch: async (url) => {
        asked.push(String(url));
        return Response.json({ keys: [firebaseKey.jwk] });
      },
    });
    const header = { alg: 'RS256', ...(firebaseKey.jwk.kid ? { kid: firebaseKey.jwk.kid } : {}) };
    const find = (host: number) =>
      keysAt(`https://issuer-${host}.example/jwks`)(header, { payload: '', signature: '' });
    for (let host = 0; host < 100; host += 1) await find(host);
    await find(0);
    expect(asked).toHaveLength(100);
    await find(100);
    await find(0);
    expect(asked).toHaveLength(101);
    await find(1);
    expect(asked.slice(-2)).toEqual(['https://issuer-100.example/jwks', 'https://issuer-1.example/jwks']);
  });
});

const EVERYTHING_BUT_DATE = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const satisfies readonly string[] as never;
