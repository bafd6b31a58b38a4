import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { createArtifactStore } from '../../src/grants/artifact-store.ts';
import type { AuthorizationCodeRedemption } from '../../src/grants/redeem-code.ts';
import { openBrowser } from '../support/browsers/browser.ts';
import { DEMO_WEB, obtainCode } from '../support/clients/relying-party.ts';
import { countStatements } from '../support/databases/count-statements.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const CODES = 4;
const VERIFIER = 'a-verifier-of-at-least-43-characters-for-a-code';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

/** Each test has codes of its own, which are used in one turn of the event loop. */
describe('codes of one turn', () => {
  let server: TestServer;
  let knex: Knex;
  let redemptions: AuthorizationCodeRedemption[];
  beforeAll(async () => {
    server = await startTestServer();
    ({ knex } = server.database);
  });
  beforeEach(async () => {
    await knex('grants').delete();
    const browser = openBrowser();
    redemptions = [];
    for (let n = 0; n < CODES; n += 1)
      redemptions.push({
        client: {
          ...{ id: DEMO_WEB.client_id, instanceId: 'demo', type: 'confidential' },
          ...{ grantTypes: ['authorization_code', 'refresh_token'], refreshTokenTtlSeconds: 3600 },
        },
        code: await obtainCode(
          server.url,
          { code_challenge: CHALLENGE, code_challenge_method: 'S256' },
          browser,
        ),
        ...{ family: randomBytes(16), redirectUri: DEMO_WEB.redirect_uri, codeChallenge: CHALLENGE },
        ...{ proof: undefined, jkt: undefined, binding: undefined, isSecondTry: false, now: new Date() },
      });
  });
  afterAll(() => server.close());

  const redeemAll = async (asked: readonly AuthorizationCodeRedemption[]) => {
    const { redeem } = createArtifactStore(knex);
    const { result, statements } = await countStatements(knex, () =>
      Promise.all(asked.map((redemption) => redeem(redemption))),
    );
    return { statements, grants: result.map((each) => each?.grant.id) };
  };
  /** The grant of each family that began, undefined for one that did not. */
  const families = async (): Promise<(string | undefined)[]> => {
    const rows: { family: Buffer; grant_id: string }[] = await knex('refresh_families').select();
    return redemptions.map(({ family }) => rows.find((row) => family.equals(row.family))?.grant_id);
  };
  const used = async (): Promise<number> =>
    (await knex('artifacts').where({ model: 'AuthorizationCode' }).whereNotNull('consumed_at')).length;

  it('are used in one statement, each with a family of its own', async () => {
    const { statements, grants } = await redeemAll(redemptions);
    expect(statements).toBe(1);
    expect(new Set(grants).size).toBe(CODES);
    expect(grants).toEqual(await families());
    expect(await used()).toBe(CODES);
    const payloads = await knex('refresh_families').pluck('payload');
    for (const payload of payloads) {
      expect(payload).toMatchObject({ kind: 'RefreshToken', gty: 'authorization_code', rotations: 0 });
      expect(payload).not.toHaveProperty('codeChallenge');
    }
  });

  it('are used once where two are the same', async () => {
    const [first, second] = redemptions as [AuthorizationCodeRedemption, AuthorizationCodeRedemption];
    const { grants } = await redeemAll([first, { ...first, family: randomBytes(16) }, second]);
    expect(grants.filter(Boolean)).toHaveLength(2);
    expect(await knex('refresh_families')).toHaveLength(2);
    expect(await used()).toBe(2);
  });

  it('begin no refresh tokens for a client that has none', async () => {
    const [first, second] = redemptions as [AuthorizationCodeRedemption, AuthorizationCodeRedemption];
    const without = { ...second, client: { ...second.client, grantTypes: ['authorization_code'] } };
    const { grants } = await redeemAll([first, without]);
    expect(grants.filter(Boolean)).toHaveLength(2);
    expect(await families()).toEqual([grants[0], undefined, undefined, undefined]);
  });

  it.each<{
    what: string;
    of(redemption: AuthorizationCodeRedemption): Partial<AuthorizationCodeRedemption>;
  }>([
    { what: 'of another client', of: ({ client }) => ({ client: { ...client, id: 'client_demo_spa' } }) },
    { what: 'of another instance', of: ({ client }) => ({ client: { ...client, instanceId: 'another' } }) },
    { what: 'for another address', of: () => ({ redirectUri: 'https://elsewhere.example/' }) },
    { what: 'with another verifier', of: () => ({ codeChallenge: 'another' }) },
    { what: 'without its verifier', of: () => ({ codeChallenge: undefined }) },
    { what: 'that nobody got', of: () => ({ code: 'made up' }) },
    { what: 'that expired', of: () => ({ now: new Date(Date.now() + 3_600_000) }) },
  ])('$what: it alone changes nothing', async ({ of }) => {
    const [first, second, ...others] = redemptions as [
      AuthorizationCodeRedemption,
      AuthorizationCodeRedemption,
      ...AuthorizationCodeRedemption[],
    ];
    const { grants } = await redeemAll([first, { ...second, ...of(second) }, ...others]);
    const [one, , three, four] = await families();
    expect(grants).toEqual([one, undefined, three, four]);
    expect([one, three, four].every(Boolean)).toBe(true);
    expect(await used()).toBe(CODES - 1);
  });

  it('of a grant that was ended: it alone changes nothing', async () => {
    const { code = '' } = redemptions[1] ?? {};
    const hash = createHash('sha256').update(code).digest();
    const ended = knex('artifacts').where({ model: 'AuthorizationCode', id_hash: hash }).select('grant_id');
    await knex('grants').where('id', ended).delete();
    const { grants } = await redeemAll(redemptions);
    const [one, , three, four] = await families();
    expect(grants).toEqual([one, undefined, three, four]);
  });
});
