import { type Entry, type Ledger, openLedger } from '../ledger/ledger.ts';
import type { Event } from './events.ts';
import { findFailures, judgeFailures } from './failures.ts';

const RESTART: Event = { kind: 'rolling restart', startedAt: 1000, endedAt: 2000 };
const SIGKILL: Event = {
  kind: 'SIGKILL to a worker',
  startedAt: 3000,
  endedAt: 4000,
  killed: { at: 3000, goneAt: 3050 },
};

function judged(...entries: Partial<Entry>[]): string[] {
  const ledger: Ledger = openLedger();
  const request = { operation: 'refresh', outcome: 'silence', detail: 'UND_ERR_SOCKET' } as const;
  ledger.entries = entries.map((entry) => ({ ...request, startedAt: 0, endedAt: 0, ...entry }));
  return judgeFailures(findFailures(ledger, [RESTART, SIGKILL]));
}

describe('the judgement of rolling restarts', () => {
  it('excuses what was under way before a process that got SIGKILL was gone', () => {
    expect(judged({ startedAt: 2990, endedAt: 3010 }, { startedAt: 3040, endedAt: 3051 })).toEqual([]);
  });

  it('takes answers and refusals for no failures', () => {
    expect(judged({ startedAt: 1500, outcome: 'ok' }, { startedAt: 1500, outcome: 'refused' })).toEqual([]);
  });

  it.each<[string, Partial<Entry>, string]>([
    [
      'during a restart',
      { startedAt: 1500, endedAt: 1600 },
      '1 requests failed during rolling restart: refresh silence UND_ERR_SOCKET after 500 ms',
    ],
    [
      'that was sent after the SIGKILL',
      { startedAt: 3100, endedAt: 3200, outcome: 'unavailable', detail: '503' },
      '1 requests failed during SIGKILL to a worker: refresh unavailable 503 after 100 ms',
    ],
    [
      'when nothing was going on',
      { startedAt: 2500, endedAt: 2600, outcome: 'error', detail: '502' },
      '1 requests failed during calm: refresh error 502 after 2500 ms',
    ],
  ])('tells of a request %s', (_name, entry, sentence) => {
    expect(judged(entry)).toEqual([sentence]);
  });
});
