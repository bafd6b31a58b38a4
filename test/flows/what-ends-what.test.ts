import { startTestServer, type TestServer } from '../support/test-server.ts';
import { browsersAndTokens } from './what-ends-what/browsers-and-tokens.ts';
import { LINES, lineOf } from './what-ends-what/document.ts';
import { keys } from './what-ends-what/keys.ts';
import { peopleAndClients } from './what-ends-what/people-and-clients.ts';
import { rowsOn } from './what-ends-what/row.ts';
import { stateOf, stateSaidBy } from './what-ends-what/state.ts';
import { aNeighbour, aWorld, type Neighbour } from './what-ends-what/world.ts';

/** The table of docs/tokens.md, line by line: it says what each test expects, and of whose things. */
describe('what ends what', () => {
  let server: TestServer;
  let neighbour: Neighbour;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startTestServer();
    neighbour = await aNeighbour(server);
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  afterAll(() => server.close());

  const tested: string[] = [];
  const row = rowsOn(
    () => server,
    () => neighbour,
    tested,
  );
  browsersAndTokens(row);
  peopleAndClients(row);
  keys(row, (work) => closing.push(work));

  it('is what docs/tokens.md says, and every line of it is tested', () => {
    expect(tested).toEqual(LINES.map(({ what }) => what));
  });

  it('is nothing, as long as nothing happens', async () => {
    expect(await stateOf(await aWorld(server, neighbour))).toEqual(
      stateSaidBy({ ...lineOf('a signing key is rotated'), of: 'everybody' }),
    );
  });
});
