import { REASONS } from '../../src/refusals/reasons.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';

const ROW = {
  at: '2026-01-02T03:04:05Z',
  request_id: 'first',
  service: 'listo',
  endpoint: '/auth/authorize',
  status: 400,
  client_id: 'portal',
  client_is: 'registered',
  instance_id: 'home',
  lane: 'listo portal',
  error: 'invalid_request',
};

describe('the commands about refusals', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    await database.knex.raw(`
      INSERT INTO instances (id, name) VALUES ('home', 'Home');
      INSERT INTO clients (id, instance_id, name, type, redirect_uris)
      VALUES ('portal', 'home', 'Portal', 'public', '{https://app.example/callback}')`);
    await database.knex('refusals').insert([
      {
        ...ROW,
        reason: 'code.expired',
        came: { redirect_uri: 'https://app.example/calback', '\u001b[31m': '\u001b]0;title\u0007' },
        expected: { redirect_uri: ['https://app.example/callback', 'https://app.example/other'] },
      },
      { ...ROW, request_id: 'second', lane: 'listo portal authenticated', client_is: 'authenticated' },
      {
        ...ROW,
        request_id: 'second',
        client_id: 'portel',
        lane: 'listo ?',
        client_is: 'claimed',
        instance_id: null,
      },
      {
        ...ROW,
        request_id: 'third',
        service: 'listnr',
        lane: 'listnr ?',
        client_is: 'claimed',
        instance_id: null,
      },
    ]);
  });
  afterAll(() => database.close());

  const run = (words: string) => runOn(database, words.split(' '));
  const json = async (words: string) => JSON.parse((await run(`${words} --json`)).out.join('\n'));

  it('explain one, with the nearest registered value, and no terminal obeys what came', async () => {
    expect(await run('explain first')).toEqual({
      code: 0,
      out: [
        'request_id             first',
        'at                     2026-01-02T03:04:05.000Z',
        'service                listo',
        'endpoint               /auth/authorize',
        'status                 400',
        'error                  invalid_request',
        'client_id              portal',
        'client_is              registered',
        'instance_id            home',
        'reason                 code.expired',
        'came \\u001b[31m        \\u001b]0;title\\u0007',
        'came redirect_uri      https://app.example/calback',
        'expected redirect_uri  https://app.example/callback https://app.example/other',
        'nearest redirect_uri   https://app.example/callback (another path)',
        `why                    ${REASONS['code.expired'].sentence}`,
        `remedy                 ${REASONS['code.expired'].remedy}`,
      ],
      err: '',
    });
  });

  it('explain every request with the id, first those that a client proved', async () => {
    const found = await json('explain second');
    expect(found.map(({ client_id }: { client_id: string }) => client_id)).toEqual(['portal', 'portel']);
    const { out } = await run('explain second');
    expect(out.filter((line) => line === '')).toHaveLength(1);
  });

  it('say that nothing is recorded under an id', async () => {
    const { code, out, err } = await run('explain unknown');
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toMatch(/^No refusal is recorded under this request id\./);
  });

  it.each([
    ['client refusals portal', ['second', 'first']],
    ['client refusals portel', ['second']],
    ['listnr refusals portal', ['third']],
    ['instance refusals home', ['second', 'first']],
  ])('list %s, the newest first', async (words, expected) => {
    const found = await json(words);
    expect(found.map(({ request_id }: { request_id: string }) => request_id)).toEqual(expected);
  });

  it('list them as a table', async () => {
    expect(await run('client refusals portel')).toEqual({
      code: 0,
      out: [
        'at                        request_id  endpoint         status  error            reason  client_id  client_is',
        '2026-01-02T03:04:05.000Z  second      /auth/authorize  400     invalid_request  -       portel     claimed',
      ],
      err: '',
    });
  });

  it('say which client is meant, where nothing names the id', async () => {
    expect(await run('client refusals portl')).toEqual({
      code: 1,
      out: [],
      err: 'There is no client of Sign in with Listo with this id. Perhaps portal is meant. npx listo client list shows those there are.\n',
    });
  });
});
