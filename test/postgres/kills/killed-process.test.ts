import {
  type FaultyServer,
  OPERATIONS,
  openStage,
  type Prepared,
  type Stage,
  type WayName,
} from './stage.ts';
import { each, RETRIES, retried, SPENT, STATEMENTS, sendAll, stateOf, UNSPENT } from './states.ts';

/** Makes the process end when all requests have come to an instant. */
type Kill = (server: FaultyServer, requests: readonly Prepared[]) => { instant?: string };

const atInstant =
  (name: string): Kill =>
  (_server, { length }) => ({ instant: `${name} kill ${length}` });
const atStatement =
  (how: 'unsent' | 'unanswered'): Kill =>
  (server, requests) => {
    const kill = () => process.kill(server.process.pid, 'SIGKILL');
    server.statements.breakOff(
      how,
      requests.map(({ statement }) => statement),
      kill,
    );
    return {};
  };

const BEFORE_ALL = atInstant('arrived');
const NONE_SENT = Object.fromEntries(OPERATIONS.map((name) => [name, []]));

const KILLS: Readonly<Record<string, [Kill, typeof UNSPENT]>> = {
  'when the request is there, before its statement is sent': [BEFORE_ALL, UNSPENT],
  'when its statement was sent, and Postgres does not get it': [atStatement('unsent'), UNSPENT],
  'when its statement is committed, before the answer is back': [atStatement('unanswered'), SPENT],
  'when the answer is back, before the first signature': [atInstant('first-signature'), SPENT],
  'before the second signature': [atInstant('second-signature'), SPENT],
  'when all is signed, before the answer is written': [atInstant('signed'), SPENT],
  'when half of the answer is written': [atInstant('half-written'), SPENT],
};

/** Four requests are under way when the process is killed: the client then repeats each at another process. */
describe('a process that is killed', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  }, 300_000);
  afterAll(() => stage.close());

  const outcomesOf = async (way: WayName, kill: Kill) => {
    const server = await stage.startFaulty(way);
    try {
      const requests = await stage.prepare();
      const all = OPERATIONS.map((operation) => requests[operation]);
      server.statements.forget();
      const { instant } = kill(server, all);
      const answers = await sendAll(server, requests, instant);
      // It was killed, so it has no exit code.
      expect(await server.process.exited).toBe(null);
      const sent = OPERATIONS.map((name) => [name, server.statements.sent(requests[name].statement.value)]);
      return {
        answers,
        sent: Object.fromEntries(sent),
        ...(await stateOf(stage, requests)),
        retries: await retried(stage, stage.calm[way].url, requests),
      };
    } finally {
      await server.close();
    }
  };

  it.each(Object.entries(KILLS))(
    '%s: nothing ends, and the same rows remain by both ways',
    async (_name, [kill, left]) => {
      const outcomes = { short: await outcomesOf('short', kill), long: await outcomesOf('long', kill) };
      expect(outcomes.short).toEqual({
        answers: await each(async () => 'nothing'),
        sent: kill === BEFORE_ALL ? NONE_SENT : STATEMENTS,
        states: left,
        rows: expect.anything(),
        retries: RETRIES.get(left),
      });
      expect(outcomes.short).toEqual(outcomes.long);
    },
    300_000,
  );
});
