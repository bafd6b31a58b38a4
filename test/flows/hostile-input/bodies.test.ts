import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { ALL, errorsLogged, expectRefusal, FORM, invalid, JSON_TYPE, type Row } from './refusals.ts';

describe('input that no honest client sends', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  describe.each(ALL)('at %s', (path) => {
    const wanted =
      path === '/auth/token' ? `The body must be ${JSON_TYPE} or ${FORM}.` : `The body must be ${FORM}.`;
    const notUtf8 = 'The parameter client_id is not valid percent-encoded UTF-8.';

    it.each([
      invalid('a NUL', { body: 'client_id=%00' }, 'The parameter client_id contains a NUL character.'),
      invalid('a NUL in a name', { body: 'a%00=b' }, 'A parameter name contains a NUL character.'),
      invalid('a byte that is not UTF-8', { body: 'client_id=%ff' }, notUtf8),
      invalid('an overlong slash', { body: 'client_id=%c0%af' }, notUtf8),
      invalid('half a surrogate pair', { body: 'client_id=%ed%a0%80' }, notUtf8),
      invalid('a broken escape', { body: 'client_id=%zz' }, notUtf8),
      invalid('an escape cut short', { body: 'client_id=%e' }, notUtf8),
      invalid(
        'raw bytes that are not UTF-8',
        { body: Buffer.from([0x61, 0x3d, 0xff]) },
        'The body is not valid UTF-8.',
      ),
      invalid('an unknown media type', { body: 'client_id=a', type: 'text/plain' }, wanted),
      invalid('a file upload', { body: 'client_id=a', type: 'multipart/form-data; boundary=a' }, wanted),
      invalid('a media type that is none', { body: 'client_id=a', type: '///' }, wanted),
      invalid('no media type', { body: 'client_id=a', type: '' }, wanted),
      [
        'a compressed body',
        { body: 'a', encoding: 'gzip' },
        415,
        'invalid_request',
        'The body must not be compressed.',
      ],
      [
        'a body of 1 MB',
        { body: 'a'.repeat(1_000_000) },
        413,
        'invalid_request',
        'The body is larger than 64 KiB.',
      ],
    ] satisfies Row[])('refuses %s', (...row: Row) => expectRefusal(server.port, path, row));
  });

  describe('JSON at the token endpoint', () => {
    const json = (what: string, body: string, description: string) =>
      invalid(what, { body, type: JSON_TYPE }, description);
    const notString = (name: string) => `In a JSON body every value is a string; ${name} is not.`;
    const broken = 'The body contains a NUL character or broken Unicode.';

    it.each([
      json(
        'more members than anybody needs',
        JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`a${n}`, 'b']))),
        'The request has more than 100 parameters.',
      ),
      json('malformed', '{"client_id":', 'The body is not valid JSON.'),
      json('nothing', '', 'no client authentication mechanism provided'),
      json('an array', '[]', 'The body must be a JSON object.'),
      json('a number', '5', 'The body must be a JSON object.'),
      json('a string', '"client_id"', 'The body must be a JSON object.'),
      json('null', 'null', 'The body must be a JSON object.'),
      json('an object in it', '{"client_id":{"toString":"x"}}', notString('client_id')),
      json('an array in it', '{"client_id":["client_demo_web"]}', notString('client_id')),
      json('a number in it', '{"client_id":5}', notString('client_id')),
      json('a boolean in it', '{"client_id":true}', notString('client_id')),
      json('an object under an unusual name', '{"<script>":{}}', notString('a parameter')),
      json('a NUL', '{"client_id":"a\\u0000"}', broken),
      json('half a surrogate pair', '{"client_id":"\\ud800"}', broken),
      json('a NUL in a name', '{"a\\u0000":"a"}', broken),
      json(
        'only null, which means absent',
        '{"client_id":null}',
        'no client authentication mechanism provided',
      ),
      json('an empty object', '{}', 'no client authentication mechanism provided'),
      json('another charset, read as what it is', '{"client_id":', 'The body is not valid JSON.'),
    ])('refuses %s', (...row: Row) => expectRefusal(server.port, '/auth/token', row));

    it.each([
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON;charset=UTF-16',
      `${FORM}; charset=utf-8`,
    ])('reads UTF-8 whatever the charset says: %s', async (type) => {
      const body = type.toLowerCase().includes('json') ? '{"client_id":"é"}' : 'client_id=%C3%A9';
      await expectRefusal(server.port, '/auth/token', [
        '',
        { body, type },
        401,
        'invalid_client',
        'client authentication failed',
      ]);
    });

    it('knows no prototypes: __proto__ and constructor are names like any other', async () => {
      const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
      for (const [type, body] of [
        [JSON_TYPE, JSON.stringify(Object.fromEntries(names.map((name) => [name, 'client_demo_web'])))],
        [JSON_TYPE, '{"__proto__":"client_demo_web"}'],
        [FORM, names.map((name) => `${name}=client_demo_web`).join('&')],
        [FORM, '__proto__[client_id]=client_demo_web&client_id[]=client_demo_web'],
      ] as const) {
        await expectRefusal(
          server.port,
          '/auth/token',
          invalid('', { body, type }, 'no client authentication mechanism provided'),
        );
      }
      expect(Object.hasOwn(Object.prototype, 'client_id')).toBe(false);
    });
  });

  it('is no error in the log', () => {
    expect(errorsLogged(server)).toEqual([]);
  });
});
