import { judgeTrials, trialTable } from './judgement.ts';
import type { Trial } from './trial.ts';

const FINE: Trial = {
  way: 'hosts',
  fault: 'kill',
  outageMs: 30_400,
  backMs: 800,
  settledMs: 5000,
  pauseMs: 31_500,
  refused: 120,
  unanswered: 0,
  steadyAsked: 900,
  steadyFailures: [],
  steadySlowestMs: 240,
};

describe('the judgement of a failover', () => {
  it('finds nothing where writes are back within five seconds and nothing else failed', () => {
    expect(judgeTrials([FINE])).toEqual([]);
  });

  it.each<[string, Partial<Trial>, string]>([
    [
      'a first write that came late',
      { backMs: 5100 },
      'hosts, kill: the first write came 5.1 s after Postgres took writes again',
    ],
    [
      'no write at all',
      { backMs: Number.POSITIVE_INFINITY },
      'hosts, kill: the first write came Infinity s after Postgres took writes again',
    ],
    [
      'writes that went on failing',
      { settledMs: 9000 },
      'hosts, kill: the last write that failed was sent 9.0 s after Postgres took writes again',
    ],
    [
      'one request that needs no database',
      { steadyFailures: ['/auth/jwks error 502 after 12 ms'] },
      'hosts, kill: 1 requests failed that need no database: /auth/jwks error 502 after 12 ms',
    ],
  ])('tells of %s', (_name, change, sentence) => {
    expect(judgeTrials([FINE, { ...FINE, ...change }])).toEqual([sentence]);
  });

  it('has a row a fault', () => {
    expect(trialTable([FINE]).split('\n').at(-1)?.split(/ {2,}/)).toEqual(
      // biome-ignore format: a row
      ['hosts: kill', '30.4', '0.8', '5.0', '31.5', '120', '0', '900', '0', '0.2'],
    );
  });
});
