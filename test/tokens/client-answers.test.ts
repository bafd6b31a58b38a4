import { SignJWT } from 'jose';
import { digestSecret } from '../../src/platform/secrets/digest.ts';
import { aClientKey, type Claims, type ClientKey, clientAssertion } from '../support/clients/proofs.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { basicOf, type ClientRequest, ENDPOINTS, type Endpoint, postAs } from './client-requests.ts';
import { createRecorder } from './recorder.ts';

/** With every character that has a meaning in one of the encodings. */
const SECRET = 'a+b%c:d&e=f/g?h i"j\\k~';
const ORIGIN = 'http://127.0.0.1:9999';
const soon = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** A test sends hundreds of requests. */
const PATIENCE_MS = 120_000;

/**
 * The complete answers to clients that authenticate, at each endpoint that asks them to. The protocol library made the
 * answers in this snapshot, and our function must make the same.
 */
describe('the answers to a client that authenticates', () => {
  let server: TestServer;
  let web: TestClient;
  let key: ClientKey;
  let second: ClientKey;
  let otherKey: ClientKey;
  beforeAll(async () => {
    server = await startTestServer();
    web = await aClient(server, { id: 'web' });
    await server.database.knex('client_secrets').insert({
      client_id: 'web',
      name: 'difficult',
      digest: digestSecret(SECRET),
    });
    await aClient(server, { id: 'public', type: 'public' });
    [key, second, otherKey] = [await aClientKey(), await aClientKey(), await aClientKey()];
    const keys = [{ ...key.publicJwk, kid: 'first', alg: 'ES256', use: 'sig' }, second.publicJwk];
    await aClient(server, { id: 'signing', jwks: { keys } });
    const { client_secret } = await aClient(server, { id: 'disabled' });
    disabled = basicOf(`disabled:${client_secret}`);
    await server.database.knex('clients').where({ id: 'disabled' }).update({ disabled_at: new Date() });
  });
  afterAll(() => server.close());

  let disabled: ClientRequest;

  /** Sends each request to each endpoint. A function makes a new request for each. */
  const noteAll = async (requests: Record<string, ClientRequest | (() => Promise<ClientRequest>)>) => {
    const all: Record<string, object> = {};
    for (const [name, request] of Object.entries(requests)) {
      const recorder = createRecorder(server, [
        'access-control-expose-headers',
        'access-control-allow-credentials',
      ]);
      for (const endpoint of Object.keys(ENDPOINTS) as Endpoint[]) {
        const sent = typeof request === 'function' ? await request() : request;
        await recorder.note(endpoint, postAs(server.url, endpoint, sent));
      }
      all[name] = byAnswer(recorder.noted);
    }
    expect(all).toMatchSnapshot();
  };
  const fields = (more: ClientRequest['fields'] = {}): ClientRequest => ({ fields: more });
  const header = (authorization: string, more: ClientRequest = {}): ClientRequest => ({
    ...more,
    headers: { ...more.headers, authorization },
  });

  it(
    'are the same for a secret in the form',
    async () => {
      const { client_id, client_secret } = web;
      await noteAll({
        right: fields({ client_id, client_secret }),
        'right, with every character': fields({ client_id, client_secret: SECRET }),
        wrong: fields({ client_id, client_secret: 'wrong' }),
        'wrong, beyond ASCII': fields({ client_id, client_secret: 'ü' }),
        empty: fields({ client_id, client_secret: '' }),
        'without a client_id': fields({ client_secret }),
        'with an empty client_id': fields({ client_id: '', client_secret }),
        'the secret twice': fields({ client_id, client_secret: [client_secret, client_secret] }),
        'the client_id twice': fields({ client_id: [client_id, client_id], client_secret }),
        'both twice': fields({ client_id: ['a', 'b'], client_secret: ['c', 'd'] }),
        'the token twice': fields({
          ...{ client_id, client_secret, token: ['x', 'y'], token_type_hint: ['a', 'b'] },
          ...{ grant_type: ['a', 'b'], scope: ['a', 'b'] },
        }),
        'of nobody': fields({ client_id: 'nobody', client_secret }),
        'of a name beyond ASCII': fields({ client_id: 'ü', client_secret }),
        'of a public client': fields({ client_id: 'public', client_secret }),
        'of a client that signs': fields({ client_id: 'signing', client_secret }),
        'in the address': { query: `?client_id=${client_id}&client_secret=${client_secret}` },
      });
    },
    PATIENCE_MS,
  );

  it(
    'are the same for a secret in the header',
    async () => {
      const { client_id: id, client_secret: secret } = web;
      const basic = basicOf(`${id}:${secret}`);
      const { authorization } = basic.headers;
      const [, encoded = ''] = authorization.split(' ');
      await noteAll({
        right: basic,
        'a small letter': header(`basic ${encoded}`),
        'form-encoded': basicOf(`${encodeURIComponent(id)}:${encodeURIComponent(SECRET)}`),
        'form-encoded, spaces as plus': basicOf(
          `${id}:${encodeURIComponent(SECRET).replaceAll('%20', '+').toLowerCase()}`,
        ),
        'not form-encoded': basicOf(`${id}:${SECRET}`),
        'not form-encoded, without a percent sign': basicOf(`${id}:${SECRET.replaceAll('%', '')}`),
        'an encoded name': basicOf(`%77eb:${secret}`),
        wrong: basicOf(`${id}:wrong`),
        'a control character': basicOf(`${id}:wrong%0A`),
        'beyond ASCII': basicOf(`${id}:%C3%BC`),
        'broken UTF-8': basicOf(`${id}:%FF`),
        'without a name': basicOf(`:${secret}`),
        'without a colon': basicOf(id),
        'without padding': header(`Basic ${encoded.replaceAll('=', '')}`),
        'too much padding': header(`Basic ${encoded}==`),
        'with characters of base64url': header('Basic a_-b'),
        'not base64': header('Basic !'),
        'nothing after the scheme': header('Basic '),
        'only the scheme': header('Basic'),
        'two spaces': header(`Basic  ${encoded}`),
        'more after it': header(`${authorization} x`),
        'another scheme': header('Bearer x'),
        'no scheme': header(encoded),
        'of nobody': basicOf(`nobody:${secret}`),
        'of a public client': basicOf(`public:${secret}`),
        'of a client that signs': basicOf(`signing:${secret}`),
        'of a disabled client': disabled,
        'and the name in the form': { ...basic, fields: { client_id: id } },
        'and another name in the form': { ...basic, fields: { client_id: 'public' } },
        'and the secret in the form': { ...basic, fields: { client_id: id, client_secret: secret } },
        'and an empty secret in the form': { ...basic, fields: { client_secret: '' } },
        'and an assertion': { ...basic, fields: { client_assertion: 'x' } },
      });
    },
    PATIENCE_MS,
  );

  it(
    'are the same for an empty secret in the header',
    async () => {
      await noteAll({
        'of a public client': basicOf('public:'),
        'of a confidential client': basicOf('web:'),
        'of a client that signs': basicOf('signing:'),
        'of nobody': basicOf('nobody:'),
        'of nobody at all': basicOf(':'),
        'of a public client, twice': { ...basicOf('public:'), fields: { client_id: 'public' } },
        'of another than in the form': { ...basicOf('public:'), fields: { client_id: 'web' } },
        'and a secret in the form': { ...basicOf('web:'), fields: { client_secret: web.client_secret } },
      });
    },
    PATIENCE_MS,
  );

  it(
    'are the same without authentication',
    async () => {
      await noteAll({
        'a public client': fields({ client_id: 'public' }),
        'a public client and an empty secret': fields({ client_id: 'public', client_secret: '' }),
        'a confidential client': fields({ client_id: 'web' }),
        'a client that signs': fields({ client_id: 'signing' }),
        'a disabled client': fields({ client_id: 'disabled' }),
        nobody: fields({ client_id: 'nobody' }),
        nothing: {},
        'an empty body': { body: '' },
      });
    },
    PATIENCE_MS,
  );

  it(
    'are the same for other media types',
    async () => {
      const { client_id, client_secret } = web;
      const body = new URLSearchParams({ client_id, client_secret, token: 'x' }).toString();
      const json = JSON.stringify({ client_id, client_secret, token: 'x', grant_type: 'refresh_token' });
      await noteAll({
        'with a charset': {
          body,
          headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        },
        JSON: { body: json, headers: { 'content-type': 'application/json' } },
        text: { body, headers: { 'content-type': 'text/plain' } },
        'a multipart form': { body, headers: { 'content-type': 'multipart/form-data; boundary=x' } },
        'broken percent-encoding': { body: `${body}&x=%` },
        'a broken name': { body: 'client_id=%00' },
      });
    },
    PATIENCE_MS,
  );

  it(
    'are the same for the pages of an application, and others',
    async () => {
      const { client_id, client_secret } = web;
      const from = (origin: string, request: ClientRequest): ClientRequest => ({
        ...request,
        headers: { ...request.headers, origin },
      });
      for (const origin of [ORIGIN, 'https://elsewhere.example', 'null'])
        await noteAll({
          [`right, from ${origin}`]: from(origin, fields({ client_id, client_secret })),
          [`wrong, from ${origin}`]: from(origin, fields({ client_id, client_secret: 'wrong' })),
          [`wrong in the header, from ${origin}`]: from(origin, basicOf(`${client_id}:wrong`)),
          [`a public client, from ${origin}`]: from(origin, fields({ client_id: 'public' })),
          [`nobody, from ${origin}`]: from(origin, fields({ client_id: 'nobody' })),
          [`nothing, from ${origin}`]: from(origin, {}),
        });
    },
    PATIENCE_MS,
  );

  const signed =
    (claims: Claims = {}, more: ClientRequest['fields'] = {}, as = key) =>
    async (): Promise<ClientRequest> => {
      const assertion = await clientAssertion(as, { clientId: 'signing', audience: server.url }, claims);
      return fields({ ...assertion, ...more });
    };

  it(
    'are the same for an assertion',
    async () => {
      const names = { clientId: 'signing', audience: server.url };
      const once = await clientAssertion(key, names, { exp: soon(1800) });
      const token = `${server.url}/auth/token`;
      await noteAll({
        right: signed(),
        'right, with the name': signed({}, { client_id: 'signing' }),
        'right, with an empty secret': signed({}, { client_secret: '' }),
        'of the second key': signed({}, {}, second),
        'of another key': signed({}, {}, otherKey),
        'once, and again': fields(once),
        'of another name': signed({}, { client_id: 'web' }),
        'and a secret': signed({}, { client_secret: 'x' }),
        'without a type': signed({}, { client_assertion_type: undefined }),
        'of another type': signed({}, { client_assertion_type: 'x' }),
        'with the type twice': signed({}, { client_assertion_type: ['x', 'y'] }),
        'that is none': signed({}, { client_assertion: 'x' }),
        'that is almost one': signed({}, { client_assertion: 'a.b.c' }),
        'for the token endpoint': signed({ aud: token }),
        'for both': signed({ aud: [server.url, token] }),
        'for the pushed requests': signed({ aud: `${server.url}/auth/par` }),
        'for introspection': signed({ aud: `${server.url}/auth/introspect` }),
        'for another': signed({ aud: 'https://elsewhere.example' }),
        'for us and another': signed({ aud: [server.url, 'https://elsewhere.example'] }),
        'for nobody': signed({ aud: undefined }),
        'for an empty list': signed({ aud: [] }),
        'for a number': signed({ aud: 1 }),
      });
    },
    PATIENCE_MS,
  );

  it(
    'are the same for an assertion with other claims or another signature',
    async () => {
      const jwt =
        (header: { alg: string; kid?: string }, claims: Claims = {}, by = key) =>
        async () => {
          const payload = { ...{ iss: 'signing', sub: 'signing', aud: server.url }, ...claims };
          const client_assertion = await new SignJWT({ jti: crypto.randomUUID(), exp: soon(60), ...payload })
            .setProtectedHeader(header)
            .sign(by.privateKey);
          return fields({
            ...(await clientAssertion(key, { clientId: '', audience: '' })),
            client_assertion,
          });
        };
      const unsigned = (alg: string) => async () => {
        const request = await signed()();
        const [, payload] = String(request.fields?.client_assertion).split('.');
        const head = Buffer.from(JSON.stringify({ alg })).toString('base64url');
        return fields({ ...request.fields, client_assertion: `${head}.${payload}.` });
      };
      await noteAll({
        'an expired one': signed({ exp: 1 }),
        'one that lives too long': signed({ exp: soon(2 * 3600) }),
        'one without an end': signed({ exp: undefined }),
        'one whose end is a text': signed({ exp: 'x' }),
        'one of the future': signed({ iat: soon(3600) }),
        'one without a date': signed({ iat: undefined }),
        'one whose date is a text': signed({ iat: 'x' }),
        'one that is not valid yet': signed({ nbf: soon(3600) }),
        'one whose beginning is a text': signed({ nbf: 'x' }),
        'one without a jti': signed({ jti: undefined }),
        'one with an empty jti': signed({ jti: '' }),
        'one whose jti is a number': signed({ jti: 1 }),
        'one without an issuer': signed({ iss: undefined }),
        'one of another issuer': signed({ iss: 'web' }),
        'one without a subject': signed({ sub: undefined }),
        'one whose subject is a number': signed({ sub: 1 }),
        'one of nobody': signed({ iss: 'nobody', sub: 'nobody' }),
        'one of a name that cannot be stored': signed({ iss: 'a\0', sub: 'a\0' }),
        'one of a client with a secret': signed({ iss: 'web', sub: 'web' }),
        'one of a public client': signed({ iss: 'public', sub: 'public' }),
        'one with the kid': jwt({ alg: 'ES256', kid: 'first' }),
        'one with an unknown kid': jwt({ alg: 'ES256', kid: 'other' }),
        'one with the kid of another key': jwt({ alg: 'ES256', kid: 'first' }, {}, second),
        'one that is not signed': unsigned('none'),
        'one of an HMAC': unsigned('HS256'),
        'one of an algorithm that its keys have not': unsigned('RS256'),
      });
    },
    PATIENCE_MS,
  );
});

/** The endpoints by their answer: most answer alike. */
function byAnswer(noted: Record<string, unknown>): Record<string, unknown> {
  const answers = new Map<string, string[]>();
  for (const [endpoint, answer] of Object.entries(noted)) {
    const text = JSON.stringify(answer);
    answers.set(text, [...(answers.get(text) ?? []), endpoint]);
  }
  return Object.fromEntries([...answers].map(([text, names]) => [names.join(', '), JSON.parse(text)]));
}
