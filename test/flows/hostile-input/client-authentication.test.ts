import { obtainTokens } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import {
  AUTHENTICATED,
  BASIC,
  errorsLogged,
  expectRefusal,
  type Input,
  invalid,
  post,
  type Row,
} from './refusals.ts';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** This looks like an assertion of a client that has a secret. */
const FORGED = `${part({ alg: 'RS256' })}.${part({ iss: 'client_demo_web', sub: 'client_demo_web' })}.AAAA`;

describe('input that no honest client sends', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  describe.each(AUTHENTICATED)('client authentication at %s', (path) => {
    const malformed = 'invalid authorization header value format';
    const twice = 'client authentication must only be provided using one mechanism';

    // Introspection first looks whether there is any authentication.
    const unauthenticated = (what: string, input: Input, description: string): Row =>
      path === '/auth/introspect'
        ? [what, input, 401, 'invalid_client', 'client authentication failed']
        : invalid(what, input, description);

    it.each([
      unauthenticated('nothing at all', {}, 'no client authentication mechanism provided'),
      unauthenticated(
        'empty values',
        { body: 'client_id=&client_secret=' },
        'no client authentication mechanism provided',
      ),
      unauthenticated(
        'a name twice',
        { body: 'client_id=a&client_id=b' },
        "'client_id' parameter must not be provided twice",
      ),
      invalid(
        'a secret twice',
        { body: 'client_id=a&client_secret=b&client_secret=b' },
        "'client_secret' parameter must not be provided twice",
      ),
      invalid('what is not base64', { authorization: 'Basic !!!' }, malformed),
      invalid('no colon', { authorization: `Basic ${btoa('client_demo_web')}` }, malformed),
      unauthenticated('a bearer token', { authorization: 'Bearer a.b.c' }, malformed),
      invalid('two spaces', { authorization: BASIC.replace(' ', '  ') }, malformed),
      invalid('a scheme alone', { authorization: 'Basic' }, malformed),
      [
        'an empty secret',
        { authorization: `Basic ${btoa('client_demo_web:')}` },
        401,
        'invalid_client',
        'client authentication failed: no secret was sent',
      ],
      invalid(
        'a NUL',
        { authorization: `Basic ${btoa('client%00:a')}` },
        'client_id and client_secret in the authorization header are not properly encoded',
      ),
      invalid('two ways at once', { authorization: BASIC, body: 'client_secret=a' }, twice),
      invalid(
        'two clients at once',
        { authorization: BASIC, body: 'client_id=client_demo_spa' },
        'client_id mismatch',
      ),
      [
        'a very long name',
        { body: `client_id=${'a'.repeat(60_000)}` },
        401,
        'invalid_client',
        'client authentication failed',
      ],
      [
        'a very long secret',
        { body: `client_id=client_demo_web&client_secret=${'a'.repeat(60_000)}` },
        401,
        'invalid_client',
        'client authentication failed',
      ],
      [
        'an assertion',
        {
          body: `client_id=client_demo_web&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=${FORGED}`,
        },
        401,
        'invalid_client',
        'client authentication failed',
      ],
      [
        'an assertion of a client whose name is a NUL',
        {
          body: `client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=${part({ alg: 'RS256' })}.${part({ sub: '\0' })}.AAAA`,
        },
        401,
        'invalid_client',
        'client authentication failed',
      ],
      [
        'a wildcard',
        { body: 'client_id=client_demo_%25&client_secret=a' },
        401,
        'invalid_client',
        'client authentication failed',
      ],
      [
        'a quote',
        { body: "client_id='%20OR%201=1%20--&client_secret=a" },
        401,
        'invalid_client',
        'client authentication failed',
      ],
    ] satisfies Row[])('refuses %s', (...row: Row) => expectRefusal(server.port, path, row));
  });

  it('refuses a parameter that is sent twice, and ignores unknown ones', async () => {
    const { refresh_token = '' } = await obtainTokens(server.url);
    const body = `grant_type=refresh_token&refresh_token=${refresh_token}`;
    await expectRefusal(
      server.port,
      '/auth/token',
      invalid(
        '',
        { body: `${body}&refresh_token=a`, authorization: BASIC },
        "'refresh_token' parameter must not be provided twice",
      ),
    );
    const { status } = await post(server.port, '/auth/token', {
      body: `${body}&unknown=1&unknown=2&=&a`,
      authorization: BASIC,
    });
    expect(status).toBe(200);
  });

  it('never puts a secret into an address, whoever sent it where it does not belong', async () => {
    const { headers } = await post(server.port, '/auth/authorize', {
      body: 'client_id=a&client_secret=b&client_assertion=c',
    });
    expect(headers.location).toBe('/auth/authorize?client_id=a');
  });

  it('is no error in the log', () => {
    expect(errorsLogged(server)).toEqual([]);
  });
});
