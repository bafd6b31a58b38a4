import { type CryptoKey, generateKeyPair, SignJWT } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import { ADA, DEMO_WEB, exchange, obtainTokens } from '../../support/clients/relying-party.ts';
import {
  askToken,
  bearerClientSql,
  DEMO_APP,
  DEMO_BASIC,
  DEMO_SERVICE,
} from '../../support/clients/token-provider.ts';
import {
  answerOf,
  somebody,
  startUpstreamWorld,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';
import { issued, previewed, previewOn, tokenOf, withoutTimes } from './compared.ts';

let world: UpstreamWorld;
let externalKey: { privateKey: CryptoKey; publicKey: CryptoKey };
beforeAll(async () => {
  externalKey = await generateKeyPair('RS256');
  world = await startUpstreamWorld({ overrides: { externalKeys: () => async () => externalKey.publicKey } });
});
afterAll(() => world.close());

const tokenFor = async (authorization: string, body: Record<string, unknown>) => {
  const answer = await askToken(world.server, authorization, body);
  expect(answer.status).toBe(200);
  return String(answer.body.access_token);
};

describe('a preview equals what is then issued, but times and ids', () => {
  it('for a person and a client of LiSTNR for signed-in users', async () => {
    const { server } = world;
    const tokens = await obtainTokens(server.url);
    const listnr = {
      [DEMO_APP]: await tokenFor(`Bearer ${tokens.id_token}`, { client_id: DEMO_APP, scope: 'read:profile' }),
    };
    const { code, read } = await previewOn(server, [
      ...['--client', DEMO_WEB.client_id, '--email', ADA.email, '--listnr', DEMO_APP],
    ]);
    expect(code).toBe(0);
    expect(previewed(read)).toEqual(await issued(server, { ...tokens }, { listnr }));
  });

  it.each([
    [['--subject', 'somebody'], { subject: 'somebody', scope: 'read:profile write:preferences' }],
    [['--subject', 'é', '--listnr-scope', ''], { subject: 'é' }],
    [
      ['--subject', 'ada', '--listnr-scope', 'write:preferences'],
      { subject: 'ada', scope: 'write:preferences' },
    ],
  ])('for a backend that asks LiSTNR with %j', async (words, body) => {
    const token = await tokenFor(DEMO_BASIC, { client_id: DEMO_SERVICE.id, ...body });
    const { code, read } = await previewOn(world.server, ['--listnr', DEMO_SERVICE.id, ...words]);
    expect(code).toBe(0);
    const listnr = read.listnr as Record<string, ReturnType<typeof tokenOf>>;
    const preview = listnr[DEMO_SERVICE.id];
    expect(preview && withoutTimes(preview)).toEqual(withoutTimes(tokenOf(token)));
  });

  it('for an ID token of another issuer, behind the prefix of its subjects', async () => {
    const { server } = world;
    const client = 'radio-of-others';
    await server.seed(
      bearerClientSql(client, { claims: "'{email,display_name,first_name}'", scopes: "'{read:profile}'" }, [
        `('${client}', 'https://idp.example', 'https://idp.example/keys', '{their-app}', '{RS256}', 'idp|')`,
      ]),
    );
    const claims = {
      ...{ iss: 'https://idp.example', sub: 'ada', aud: 'their-app' },
      ...{ email: 'ada@idp.example', email_verified: true, name: 'Ada', given_name: 'Ada' },
    };
    const idToken = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'theirs' })
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(externalKey.privateKey);
    const token = await tokenFor(`Bearer ${idToken}`, { client_id: client, scope: 'read:profile' });
    const { code, read } = await previewOn(server, [
      '--listnr',
      client,
      '--id-token',
      JSON.stringify(claims),
    ]);
    expect(code).toBe(0);
    const preview = (read.listnr as Record<string, ReturnType<typeof tokenOf>>)[client];
    expect(preview && withoutTimes(preview)).toEqual(withoutTimes(tokenOf(token)));
    expect(preview?.claims.sub).toBe('idp|ada');
  });

  it.each([
    ['silent', { first_sign_in: 'create' as const }, []],
    ['telling', { first_sign_in: 'create' as const, pass_amr: true }, ['--amr', 'pwd otp mfa']],
  ])('for a person of a %s provider of their own', async (id, registration, words) => {
    const { server, idp } = world;
    idp.alterIdToken = ({ auth_time: _time, ...claims }) => ({ ...claims, amr: ['pwd', 'otp', 'mfa'] });
    const client = await world.aTenant(id, registration);
    const page = await world.signIn(
      client,
      somebody({
        mail: 'ada@customer.example',
        email: 'ada@customer.example',
        email_verified: true,
        name: 'Ada',
      }),
      { browser: openBrowser() },
    );
    const { body } = await exchange(server.url, answerOf(page).code ?? '', { ...client });
    const { sub } = tokenOf(String(body.id_token)).claims;
    const { code, read } = await previewOn(server, [
      ...['--client', client.client_id, '--person', String(sub)],
      ...words,
    ]);
    expect({ code, refused: read.refused }).toEqual({ code: 0, refused: [] });
    expect(previewed(read)).toEqual(await issued(server, body));
  });
});
