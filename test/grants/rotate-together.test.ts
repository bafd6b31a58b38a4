import type { Knex } from 'knex';
import { createAccessTokenStore } from '../../src/grants/access-token-store.ts';
import { createRefreshFamilyStore } from '../../src/grants/refresh-family-store.ts';
import type { Rotation } from '../../src/grants/rotate-family.ts';
import { obtainTokens } from '../support/clients/relying-party.ts';
import { countStatements } from '../support/databases/count-statements.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const SIGN_INS = 4;

/** Each test has sign-ins of its own, whose tokens are used in one turn of the event loop. */
describe('tokens of one turn', () => {
  let server: TestServer;
  let knex: Knex;
  let rotations: Rotation[];
  beforeAll(async () => {
    server = await startTestServer();
    ({ knex } = server.database);
  });
  beforeEach(async () => {
    await knex('grants').delete();
    for (let n = 0; n < SIGN_INS; n += 1) await obtainTokens(server.url);
    const rows = await knex('refresh_families as f')
      .join('grants as g', 'g.id', 'f.grant_id')
      .join('people as p', 'p.id', 'g.person_id')
      .select('f.family', 'g.client_id', 'p.instance_id')
      .orderBy('f.family');
    rotations = rows.map(({ family, client_id: id, instance_id: instanceId }) => ({
      client: { id, instanceId, refreshTokenTtlSeconds: 3600 },
      ...{ family, presented: 0, next: 1, isSecondTry: false, scope: '' },
      ...{ proof: undefined, mustBeBound: false, jkt: undefined, now: new Date() },
    }));
  });
  afterAll(() => server.close());

  const rotateAll = (asked: readonly Rotation[]) => {
    const store = createRefreshFamilyStore(knex);
    return countStatements(knex, async () => {
      const rotated = await Promise.all(asked.map((rotation) => store.rotate(rotation)));
      return rotated.map((each) => each?.grant.id);
    });
  };
  const grants = async (): Promise<string[]> => knex('refresh_families').orderBy('family').pluck('grant_id');
  const sequences = (): Promise<number[]> => knex('refresh_families').orderBy('family').pluck('sequence');

  it('rotate in one statement, each in its own family', async () => {
    const { result, statements } = await rotateAll(rotations);
    expect(statements).toBe(1);
    expect(result).toEqual(await grants());
    expect(await sequences()).toEqual([1, 1, 1, 1]);
    const before = await knex('refresh_families').select('rotated_at', 'expires_at').orderBy('family');
    for (const { rotated_at: rotatedAt, expires_at: expiresAt } of before)
      expect(Math.round((expiresAt - rotatedAt) / 60_000)).toBe(60);
  });

  it('rotate once where two are the same', async () => {
    const [first, second] = rotations as [Rotation, Rotation];
    const { result } = await rotateAll([first, first, second]);
    const [one, other] = await grants();
    expect(result.toSorted()).toEqual([one, other, undefined].toSorted());
    expect(await sequences()).toEqual([1, 1, 0, 0]);
  });

  it.each<{ what: string; of(rotation: Rotation): Partial<Rotation> }>([
    { what: 'of another client', of: ({ client }) => ({ client: { ...client, id: 'client_demo_spa' } }) },
    { what: 'of another instance', of: ({ client }) => ({ client: { ...client, instanceId: 'another' } }) },
    { what: 'used before', of: () => ({ presented: 7 }) },
    { what: 'for more scopes', of: () => ({ scope: 'openid profile address' }) },
    { what: 'that must be bound', of: () => ({ mustBeBound: true }) },
    { what: 'of no family', of: () => ({ family: Buffer.alloc(16, 9) }) },
    { what: 'that expired', of: () => ({ now: new Date(Date.now() + 10 * 365 * 24 * 3600 * 1000) }) },
  ])('$what: it alone changes nothing', async ({ of }) => {
    const [first, second, ...others] = rotations as [Rotation, Rotation, ...Rotation[]];
    const { result } = await rotateAll([first, { ...second, ...of(second) }, ...others]);
    const [one, , three, four] = await grants();
    expect(result).toEqual([one, undefined, three, four]);
    expect(await sequences()).toEqual([1, 0, 1, 1]);
  });

  it('of a person who was disabled: it alone changes nothing', async () => {
    const [first, second] = rotations as [Rotation, Rotation];
    await knex('people').update({ disabled_at: knex.fn.now() });
    expect((await rotateAll([first, second])).result).toEqual([undefined, undefined]);
    await knex('people').update({ disabled_at: null });
  });

  it('are looked up in one statement, also revoked and ended ones', async () => {
    const store = createAccessTokenStore(knex);
    const [grantId = ''] = await grants();
    await store.revoke(
      {
        ...{ jti: 'revoked', grantId, personId: 'somebody', clientId: 'web', instanceId: 'demo' },
        expiresAt: new Date(Date.now() + 60_000),
      },
      { address: '192.0.2.1', requestId: 'revocation' },
    );
    const names = [
      { jti: 'good', grantId },
      { jti: 'revoked', grantId },
      { jti: 'good', grantId: 'ended' },
    ];
    const { result, statements } = await countStatements(knex, () =>
      Promise.all(names.map((name) => store.find(name))),
    );
    expect(statements).toBe(1);
    const alone = [];
    for (const name of names) alone.push(await store.find(name));
    expect(result).toEqual(alone);
    expect(result.map(({ revoked, grant }) => [revoked, grant?.id, grant?.person?.name])).toEqual([
      [false, grantId, 'Ada Lovelace'],
      [true, grantId, 'Ada Lovelace'],
      [false, undefined, undefined],
    ]);
  });
});
