import { DEMO_SPA, DEMO_WEB } from '../../support/clients/relying-party.ts';
import {
  bearerClientSql,
  DEMO_APP,
  DEMO_SERVICE,
  secretClientSql,
} from '../../support/clients/token-provider.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import { aClient, anInstance, aPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { previewOn } from './compared.ts';

const WEB = DEMO_WEB.client_id;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** The preview of somebody made up, unless the words name a person. */
const refusedOf = async (...words: string[]) => {
  const { code, read } = await previewOn(server, words);
  return { code, refused: read.refused, tokens: read.access_token !== undefined };
};
const REFUSED = { code: 1, tokens: false };
const finding = (error: string, sentence: string, reason?: string) =>
  reason === undefined ? { error, sentence } : { error, reason, sentence, remedy: expect.any(String) };

describe('a preview says what would be refused:', () => {
  it('a scope that is not registered, and which one is meant perhaps', async () => {
    expect(await refusedOf('--client', WEB, '--scope', 'openid profil')).toEqual({
      ...REFUSED,
      refused: [
        finding(
          'invalid_scope',
          'The scope profil is not registered for this client, which may ask for openid, profile, email. Perhaps profile is meant.',
          'scope.not_allowed',
        ),
      ],
    });
  });

  it('a request for nothing', async () => {
    expect(await refusedOf('--client', WEB, '--scope', 'offline_access')).toEqual({
      ...REFUSED,
      refused: [
        finding(
          'invalid_scope',
          'The request asks for no scope beside offline_access.',
          'scope.nothing_asked',
        ),
      ],
    });
  });

  it('claims that are malformed', async () => {
    expect(await refusedOf('--client', WEB, '--claims', '{"id_token":{"email":1}}')).toEqual({
      ...REFUSED,
      refused: [
        finding('invalid_request', 'claims.id_token.email must be null or an object', 'claims.malformed'),
      ],
    });
  });

  it('a disabled client', async () => {
    const { client_id } = await aClient(server);
    await server.database.knex('clients').where({ id: client_id }).update({ disabled_at: new Date() });
    expect(await refusedOf('--client', client_id)).toMatchObject({
      ...REFUSED,
      refused: [{ error: 'invalid_client', reason: 'client.disabled' }],
    });
  });

  it('a client with which nobody signs in', async () => {
    const { client_id } = await aClient(server, { grant_types: ['refresh_token'] });
    expect(await refusedOf('--client', client_id)).toMatchObject({
      ...REFUSED,
      refused: [{ error: 'unauthorized_client' }],
    });
  });

  it('a disabled person', async () => {
    const { id } = await aPerson(server, { disabled_at: new Date() });
    expect(await refusedOf('--client', WEB, '--person', id)).toEqual({
      ...REFUSED,
      refused: [
        finding(
          'access_denied',
          'The person is disabled, and cannot sign in. npx listo person enable PERSON lets them.',
        ),
      ],
    });
  });

  it('a person of another instance, by id and by address', async () => {
    const instance_id = await anInstance(server);
    const { id, email } = await aPerson(server, { instance_id });
    const refused = [
      finding(
        'access_denied',
        `The person belongs to the instance ${instance_id}, and the client to demo. Only the people of its own instance sign in to a client.`,
      ),
    ];
    expect(await refusedOf('--client', WEB, '--person', id)).toEqual({ ...REFUSED, refused });
    expect(await refusedOf('--client', WEB, '--email', email)).toEqual({ ...REFUSED, refused });
  });

  it('a person who has no password yet', async () => {
    const { id } = await aPerson(server);
    await server.database.knex('people').where({ id }).update({ password_hash: null });
    expect(await refusedOf('--client', WEB, '--person', id)).toMatchObject({
      ...REFUSED,
      refused: [{ error: 'access_denied', sentence: expect.stringContaining('has no password yet') }],
    });
  });

  it('two factors where the policy lets nobody have them', async () => {
    const { client_id } = await aClient(server, { second_factor: 'off', passkeys: 'off' });
    const claims = '{"id_token":{"acr":{"essential":true,"value":"urn:listo:acr:two-factors"}}}';
    expect(await refusedOf('--client', client_id, '--claims', claims)).toMatchObject({
      ...REFUSED,
      refused: [{ sentence: expect.stringContaining('The application asks for two factors') }],
    });
  });

  it.each([
    [
      'of which it has no scope',
      `${DEMO_SERVICE.id}`,
      ['--listnr-scope', 'admin'],
      'listnr.scope_not_allowed',
    ],
    ['without a subject', DEMO_SERVICE.id, [], 'listnr.subject_missing'],
    ['without a sign-in', DEMO_APP, [], undefined],
    [
      'of an issuer that it does not accept',
      DEMO_APP,
      ['--id-token', '{"iss":"https://idp.example","sub":"a","aud":"x"}'],
      'id_token.issuer_not_accepted',
    ],
  ])('a LiSTNR token %s', async (_what, client, words, reason) => {
    const { code, read } = await previewOn(server, ['--listnr', client, ...words]);
    const { refused } = (read.listnr as Record<string, { refused: { reason?: string } }>)[client] ?? {};
    expect({ code, reason: refused?.reason }).toEqual({ code: 1, reason });
  });

  it('a LiSTNR token for an application that the client does not accept, of a disabled client, and of one that is not enabled here', async () => {
    const { client_id } = await aClient(server);
    await server.seed(`
      ${secretClientSql('listnr-off', { disabled_at: 'now()' })}
      ${bearerClientSql('listnr-production', { environments: "'{production}'" })}`);
    const reasonOf = async (client: string, listnr: string) => {
      const { read } = await previewOn(server, ['--client', client, '--listnr', listnr, '--subject', 'x']);
      return (read.listnr as Record<string, { refused?: { reason?: string } }>)[listnr]?.refused?.reason;
    };
    expect({
      audience: await reasonOf(client_id, DEMO_APP),
      disabled: await reasonOf(WEB, 'listnr-off'),
      environment: await reasonOf(WEB, 'listnr-production'),
    }).toEqual({
      audience: 'id_token.other_audience',
      disabled: 'listnr.client_disabled',
      environment: 'listnr.environment_not_enabled',
    });
  });
});

describe('a preview', () => {
  it.each([
    [[], 'Say for which application, with --client ID, or for which client of LiSTNR, with --listnr ID.'],
    [['--client', WEB, '--person', 'a', '--email', 'b'], 'Say who with --person or with --email, not both.'],
    [
      ['--listnr', DEMO_APP, '--person', 'a'],
      'A person gets tokens by an application: say which with --client ID.',
    ],
    [
      ['--client', 'client_demo_wbe'],
      'Sign in with Listo has no client with this id. Perhaps client_demo_web is meant. npx listo client list shows those there are.',
    ],
    [
      ['--client', WEB, '--email', 'nobody@demo.example'],
      'Nobody has this address. npx listo person list shows whom there is.',
    ],
    [['--client', WEB, '--claims', 'x'], '--claims is not JSON.'],
    [
      ['--client', WEB, '--claims', '{"userinfo":[]}'],
      '--claims takes an object such as {"id_token":{"email":null},"userinfo":{"name":null}}.',
    ],
    [
      ['--client', WEB, '--listnr', 'demo-ap'],
      'LiSTNR has no client with this id. Perhaps demo-app is meant. npx listo listnr list shows those there are.',
    ],
  ])('refuses %j with a sentence', async (words, sentence) => {
    expect(await runOn(server.database, ['preview', ...words], { issuer: () => server.url })).toEqual({
      ...{ code: 1, out: [], err: `${sentence}\n` },
    });
  });

  it('says what the person has to do, and what the request needs', async () => {
    const { client_id } = await aClient(server, {
      second_factor: 'required',
      type: 'public',
      require_dpop: true,
    });
    const { read } = await previewOn(server, ['--client', client_id]);
    expect(read.notes).toEqual([
      'The authorization request needs a code_challenge (PKCE).',
      'Each token request needs a DPoP proof.',
      'The person has to set up a second factor first: an authenticator app, or a passkey.',
    ]);
  });

  it('writes nothing, and reads no private key', async () => {
    const statements: string[] = [];
    const heard = ({ sql }: { sql: string }) => void statements.push(sql);
    server.database.knex.on('query', heard);
    await previewOn(server, [
      '--client',
      DEMO_SPA.client_id,
      '--listnr',
      `${DEMO_APP},${DEMO_SERVICE.id}`,
      '--subject',
      'x',
    ]);
    server.database.knex.off('query', heard);
    const own = statements.filter(
      (sql) =>
        !/^\s*(select|with|savepoint|release|begin|commit|declare|fetch|close|set transaction read only)/i.test(
          sql,
        ),
    );
    expect(own).toEqual([]);
    expect(statements.filter((sql) => /private_jwk|signing_keys.*\*|\*.*signing_keys/.test(sql))).toEqual([]);
    expect(statements.some((sql) => /set transaction read only/i.test(sql))).toBe(true);
  });

  it('lets no token out that anybody could take for one', async () => {
    const { out } = await runOn(server.database, ['preview', '--client', WEB, '--json'], {
      issuer: () => server.url,
    });
    expect(out.join('\n')).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/);
  });
});
