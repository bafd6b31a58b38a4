import { Writable } from 'node:stream';
import { startJobs } from '../../../src/platform/jobs.ts';
import { createLogger } from '../../../src/platform/log/logger.ts';
import { createOutageLog } from '../../../src/platform/log/outage-log.ts';
import { ConnectionLost } from '../../../src/platform/postgres/sqlstates.ts';
import { until } from '../../support/time/until.ts';

function recorder() {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      const { time: _, ...line } = JSON.parse(String(chunk));
      lines.push(line);
      done();
    },
  });
  return { lines, logger: createLogger({ level: 'info', destination }) };
}

const AWAY = new ConnectionLost('connect ECONNREFUSED 192.0.2.1:5432');
const SAID = { level: 'error', detail: AWAY.message, msg: 'the database is away' };

describe('while the database is away', () => {
  it('a process has one line a minute, which counts what it left out, and one when it is over', () => {
    const { lines, logger } = recorder();
    let now = 0;
    const outage = createOutageLog(logger, () => now);
    for (now = 0; now < 150_000; now += 1000) outage.report(AWAY);
    outage.over();
    outage.over();
    expect(lines).toEqual([
      SAID,
      { ...SAID, unlogged: 59 },
      { ...SAID, unlogged: 59 },
      { level: 'info', seconds: 150, unlogged: 29, msg: 'the database is there again' },
    ]);
  });

  it('one that comes and goes fills no log', () => {
    const { lines, logger } = recorder();
    let now = 0;
    const outage = createOutageLog(logger, () => now);
    for (now = 0; now < 60_000; now += 1000) {
      outage.report(AWAY);
      outage.over();
    }
    expect(lines).toEqual([SAID, { level: 'info', seconds: 0, msg: 'the database is there again' }]);
  });

  it('jobs share the line, and a fault of ours in one keeps its own with the stack', async () => {
    const { lines, logger } = recorder();
    let failure: Error | undefined = AWAY;
    let runs = 0;
    const run = async () => {
      runs += 1;
      if (failure) throw failure;
    };
    const jobs = startJobs(
      ['one', 'another'].map((name) => ({ name, everyMs: 1, run })),
      logger,
    );
    await until('several runs', () => runs > 6);
    failure = undefined;
    await until('the end of it', () => lines.length > 1);
    failure = new Error('a fault');
    await until('the fault', () => lines.length > 3);
    await jobs.stop();
    expect(lines.slice(0, 2)).toEqual([
      SAID,
      { level: 'info', seconds: 0, unlogged: expect.any(Number), msg: 'the database is there again' },
    ]);
    expect(lines.slice(2, 4)).toEqual(
      expect.arrayContaining(
        ['one', 'another'].map((job) =>
          expect.objectContaining({
            level: 'error',
            job,
            msg: 'job failed',
            err: expect.objectContaining({ stack: expect.stringContaining('a fault') }),
          }),
        ),
      ),
    );
  });
});
