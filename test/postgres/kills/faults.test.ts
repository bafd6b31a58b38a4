import { freePort } from '../../../scripts/free-port.ts';
import { AWAY } from '../../support/servers/away.ts';
import { recordsDuring, waysOf } from './records.ts';
import {
  type FaultyServer,
  OPERATIONS,
  openStage,
  type Prepared,
  type Stage,
  WAYS,
  type WayName,
} from './stage.ts';
import { each, RETRIES, retried, SPENT, STATEMENTS, sendAll, stateOf, UNSPENT } from './states.ts';

/** Prepares a fault. `mend` takes it back. */
type Fault = (
  server: FaultyServer,
  requests: readonly Prepared[],
) => { instant?: string; mend?(): void } | Promise<{ instant?: string; mend?(): void }>;

const noConnection =
  (port: number): Fault =>
  async ({ wire }) => {
    wire.lead(await freePort());
    wire.cut();
    return { mend: () => wire.lead(port) };
  };
const cutAt =
  (how: 'unsent' | 'unanswered'): Fault =>
  ({ statements, wire }, requests) => {
    statements.breakOff(
      how,
      requests.map(({ statement }) => statement),
      wire.cut,
    );
    return {};
  };
const inProcess =
  (instant: string): Fault =>
  () => ({ instant });

const OURS = {
  status: 500,
  retryAfter: null,
  body: {
    error: 'server_error',
    error_description: 'Something went wrong on our side. It has been recorded.',
  },
};
const NO_SIGNATURE = Array(4).fill('no signature today');

interface Case {
  fault: Fault;
  answer: object | string;
  /** In each log line. */
  line: object;
  errors?: string[];
  sent?: typeof STATEMENTS;
  left: typeof UNSPENT;
}

const NONE_SENT = Object.fromEntries(OPERATIONS.map((name) => [name, []])) as unknown as typeof STATEMENTS;
const UNAVAILABLE = { status: 503, error: 'temporarily_unavailable' };
const BROKEN = {
  status: 500,
  error: 'server_error',
  detail: 'Something went wrong on our side. It has been recorded.',
};
const ABORTED = { status: 200, aborted: true };

/** Four requests are under way; each is answered by the one that judges errors, and the client repeats it. */
describe('a fault of ours', () => {
  let stage: Stage;
  let servers: Record<WayName, FaultyServer>;
  const CASES: Readonly<Record<string, Case>> = {
    'no connection to the database, before the statement is sent': {
      fault: (server, requests) => noConnection(stage.databasePort)(server, requests),
      answer: AWAY,
      line: UNAVAILABLE,
      sent: NONE_SENT,
      left: UNSPENT,
    },
    'a connection that is cut when the statement was sent, and Postgres does not get it': {
      fault: cutAt('unsent'),
      answer: AWAY,
      line: UNAVAILABLE,
      left: UNSPENT,
    },
    'a connection that is cut when the statement is committed, before the answer is back': {
      fault: cutAt('unanswered'),
      answer: AWAY,
      line: UNAVAILABLE,
      left: SPENT,
    },
    'a first signature that fails': {
      fault: inProcess('first-signature fail'),
      answer: OURS,
      line: BROKEN,
      errors: NO_SIGNATURE,
      left: SPENT,
    },
    'a second signature that fails': {
      fault: inProcess('second-signature fail'),
      answer: OURS,
      line: BROKEN,
      errors: NO_SIGNATURE,
      left: SPENT,
    },
    'a client that is cut off before the answer is written': {
      fault: inProcess('signed cut'),
      answer: 'nothing',
      line: ABORTED,
      left: SPENT,
    },
    'a client that is cut off when half of the answer is written': {
      fault: inProcess('half-written cut'),
      answer: 'nothing',
      line: ABORTED,
      left: SPENT,
    },
  };

  beforeAll(async () => {
    stage = await openStage();
    servers = { short: await stage.startFaulty('short'), long: await stage.startFaulty('long') };
  }, 300_000);
  afterAll(async () => {
    for (const way of WAYS) await servers[way].close();
    await stage.close();
  });

  const outcomesOf = async (way: WayName, fault: Fault) => {
    const server = servers[way];
    const requests = await stage.prepare();
    server.statements.forget();
    let answers: object | undefined;
    const records = await recordsDuring(server, OPERATIONS.length, async () => {
      const { instant, mend } = await fault(
        server,
        OPERATIONS.map((name) => requests[name]),
      );
      answers = await sendAll(server, requests, instant);
      mend?.();
    });
    const sent = await each(async (name) => server.statements.sent(requests[name].statement.value));
    const state = await stateOf(stage, requests);
    return { answers, records, sent, ...state, retries: await retried(stage, server.url, requests) };
  };

  it.each(Object.keys(CASES))(
    '%s: ends nothing, and both ways come to the same',
    async (name) => {
      const { fault, answer, line, errors = [], sent = STATEMENTS, left } = CASES[name] as Case;
      const short = await outcomesOf('short', fault);
      const long = await outcomesOf('long', fault);
      expect(short).toMatchObject({
        answers: await each(async () => answer),
        records: { lines: Array(4).fill(expect.objectContaining(line)), errors },
        sent,
        states: left,
        retries: RETRIES.get(left),
      });
      expect(short).toEqual(long);
      expect(Object.keys(await waysOf(servers.short))).toEqual(['short']);
      expect(Object.keys(await waysOf(servers.long))).toEqual(['off']);
    },
    300_000,
  );
});
