import { listenForLogouts } from '../../support/clients/logout-listener.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { type Acts, applySql, noticeChanges } from './act.ts';
import { listensAt, toldBy, toldSaidBy } from './back-channel.ts';
import { BROWSERS_AND_TOKENS } from './browsers-and-tokens.ts';
import { LINES, lineOf } from './document.ts';
import { KEYS } from './keys.ts';
import { OWN_ACCOUNT } from './own-account.ts';
import { PEOPLE_AND_CLIENTS } from './people-and-clients.ts';
import { stateOf, stateSaidBy } from './state.ts';
import { aNeighbour, aWorld, type Neighbour } from './world.ts';

const ACTS: Acts = { ...BROWSERS_AND_TOKENS, ...OWN_ACCOUNT, ...PEOPLE_AND_CLIENTS, ...KEYS };

/**
 * Each row of the table in docs/tokens.md is a test. The row has the expected results, and the owner of the ended
 * things.
 */
describe('what ends what', () => {
  let server: TestServer;
  let neighbour: Neighbour;
  const listener = listenForLogouts();
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startTestServer({ overrides: { outboundFetch: listener.fetch } });
    neighbour = await aNeighbour(server);
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  afterAll(() => server.close());

  it.each(LINES)('$what', async (line) => {
    const act = ACTS[line.what];
    if (!act) throw new Error('No test knows how to make this happen.');
    const world = await aWorld(server, neighbour);
    await listensAt(world);
    await act(
      world,
      (...values) => applySql(world, line.sql, values),
      (work) => closing.push(work),
    );
    await noticeChanges(server);
    expect(await toldBy(world, listener)).toEqual(toldSaidBy(world, line));
    expect(await stateOf(world)).toEqual(stateSaidBy(line));
  });

  it('is what docs/tokens.md says, and every line of it is tested', () => {
    expect(Object.keys(ACTS)).toEqual(LINES.map(({ what }) => what));
  });

  it('is nothing, as long as nothing happens', async () => {
    expect(await stateOf(await aWorld(server, neighbour))).toEqual(
      stateSaidBy({ ...lineOf('a signing key is rotated'), of: 'everybody' }),
    );
  });
});
