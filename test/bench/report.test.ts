import type { Run } from '../../bench/load/measure.ts';
import { parseOptions } from '../../bench/options.ts';
import { chart } from '../../bench/report/chart.ts';
import { curves } from '../../bench/report/curves.ts';
import { describe as described, table } from '../../bench/report/report.ts';
import { type Result, summarized } from '../../bench/report/result.ts';
import { SCENARIOS } from '../../bench/scenarios/every.ts';
import type { Scenario } from '../../bench/scenarios/scenario.ts';

const scenario: Scenario = {
  name: 'refresh',
  title: 'Refresh',
  limit: { of: 'signatures', each: 2 },
  target: { kind: 'ratio', atLeast: 0.5 },
  general: true,
  prepare: () => Promise.reject(new Error('not in this test')),
};

const runOf = (requestsPerSecond: number): Run => ({
  requestsPerSecond,
  p50Ms: 20.06,
  p99Ms: 41,
  requests: requestsPerSecond * 10,
  limit: { before: 990, after: 1010 },
  ratio: requestsPerSecond / 1000,
  floor: { requestsPerSecond: 800, cpuMs: 1.1 },
  cpuMs: { server: 2.5, database: 0.304, generator: 0.02 },
  queries: 2,
  bytesWritten: 1234.4,
});

const resultOf = (measured: ReturnType<typeof summarized>[]): Result => ({
  startedAt: '2026-01-02T03:04:05.000Z',
  commit: 'abcdef123456',
  machine: {
    processor: 'Example <2 GHz>',
    cores: 2,
    memoryGiB: 24,
    system: 'Linux 6.1',
    node: 'v24.21.0',
    openssl: '3.0.19',
    postgres: '15.18',
    loadBefore: 0.05,
  },
  load: { seconds: 10, warmup: 3, connections: 32, workers: 2, runs: 3 },
  scenarios: measured,
});

describe('the result of a benchmark', () => {
  it('is the run in the middle, with how far the others are from it and whether the target is met', () => {
    const runs = [runOf(480), runOf(540), runOf(520)];
    expect(summarized(scenario, runs)).toEqual({
      name: 'refresh',
      title: 'Refresh',
      ...runOf(520),
      spread: 60 / 520,
      target: { words: 'ratio ≥ 0.50', met: true },
      runs,
    });
  });

  it('misses a target of a ratio by the ratio, and one of CPU by the milliseconds of the server', () => {
    const of = (target: NonNullable<Scenario['target']>) =>
      summarized({ ...scenario, target }, [runOf(499)]).target;
    expect(of({ kind: 'ratio', atLeast: 0.5 })).toEqual({ words: 'ratio ≥ 0.50', met: false });
    expect(of({ kind: 'serverCpuMs', atMost: 0.4 })).toEqual({ words: 'server CPU ≤ 0.4 ms', met: false });
    expect(of({ kind: 'serverCpuMs', atMost: 2.5 })).toEqual({ words: 'server CPU ≤ 2.5 ms', met: true });
  });

  it('takes the slower of two runs', () => {
    expect(summarized(scenario, [runOf(600), runOf(400)]).requestsPerSecond).toBe(400);
  });

  it('leaves out what is not known of somebody else’s server', () => {
    const { queries: _queries, bytesWritten: _bytes, floor: _floor, ...run } = runOf(520);
    const measured = summarized(scenario, [{ ...run, cpuMs: { generator: 0.02 } }]);
    expect(table([measured]).split('\n').at(-1)).toBe(
      '| Refresh |      520 | 20.1 ms | 41.0 ms |            |              |         |         | 1,000 |  0.52 |              |        | ratio ≥ 0.50: met |',
    );
  });

  it('is a table of one line for each scenario', () => {
    const measured = summarized(scenario, [runOf(480), runOf(540), runOf(520)]);
    expect(table([measured]).split('\n')).toEqual([
      '| request | a second |  median |     p99 | CPU server | CPU database | queries | written | limit | ratio | to the floor |   spread |            target |',
      '| ------- | -------: | ------: | ------: | ---------: | -----------: | ------: | ------: | ----: | ----: | -----------: | -------: | ----------------: |',
      '| Refresh |      520 | 20.1 ms | 41.0 ms |    2.50 ms |      0.30 ms |    2.00 | 1,234 B | 1,000 |  0.52 |         0.65 | 12 % (!) | ratio ≥ 0.50: met |',
    ]);
  });

  it('says so when runs differ by more than a tenth, or when there was only one', () => {
    const last = (runs: Run[], count: number) => {
      const result = resultOf([summarized(scenario, runs)]);
      return described({ ...result, load: { ...result.load, runs: count } })
        .split('\n')
        .at(-1);
    };
    expect(last([runOf(500), runOf(560)], 2)).toBe(
      '(!) These runs differ by more than 10 %, so take them with care: Refresh.',
    );
    expect(last([runOf(500), runOf(540)], 2)).toBe('Runs differ by 10 % at the most.');
    expect(last([runOf(500)], 1)).toBe('One run of each, so nothing is known of how steady they are.');
  });
});

describe('the picture of a benchmark', () => {
  const missed = { ...summarized(scenario, [runOf(250)]), title: 'Mint & sign' };
  const beyond = { ...summarized(scenario, [runOf(5000)]), title: 'JWKS' };
  const picture = chart(resultOf([summarized(scenario, [runOf(500)]), missed, beyond]));

  it('has bars as long as the ratios up to the edge, a mark at the target, and another colour where it is missed', () => {
    const bars = [...picture.matchAll(/<rect [^>]*width="([\d.]+)"[^>]*class="(\w+)"/g)];
    expect(bars.map(([, width, kind]) => ({ width: Number(width), kind }))).toEqual([
      { width: 152, kind: 'bar' },
      { width: 76, kind: 'missed' },
      { width: 380, kind: 'bar' },
    ]);
    expect([...picture.matchAll(/x1="([\d.]+)"[^>]*class="target"/g)].map(([, x]) => x)).toEqual([
      '362.0',
      '362.0',
      '362.0',
    ]);
  });

  it('is escaped, and legible on light and on dark', () => {
    expect(picture).toContain('>Mint &amp; sign</text>');
    expect(picture).toContain('Example &lt;2 GHz>');
    expect(picture).toContain('@media (prefers-color-scheme: dark)');
  });
});

describe('the picture of scaling curves', () => {
  it('is drawn from zero, so that what is flat looks flat', () => {
    const points = [1000, 10_000, 1_000_000].map((x) => ({ x, y: x === 10_000 ? 5 : 10 }));
    const picture = curves([{ title: 'Refresh', axis: 'people', unit: 'median, ms', points }], 'a note');
    expect(/<polyline [^>]*points="([^"]*)"/.exec(picture)?.[1]).toBe('56.0,44.0 147.3,110.0 330.0,44.0');
    expect(picture).toContain('>Refresh, median, ms</text>');
  });
});

describe('the options of a benchmark', () => {
  it('choose scenarios by name, in the order given', () => {
    const { scenarios, seconds, warmup, connections, runs, tolerance } = parseOptions([
      ...['--scenario', 'refresh', '--scenario', 'userinfo', '--seconds', '5', '--tolerance', '20'],
    ]);
    expect(scenarios.map(({ name }) => name)).toEqual(['refresh', 'userinfo']);
    expect({ seconds, warmup, connections, runs, tolerance }).toEqual({
      seconds: 5,
      warmup: 3,
      connections: 32,
      runs: 3,
      tolerance: 0.2,
    });
  });

  it('leave out what only this server can do, against another', () => {
    const names = parseOptions(['--against', 'https://login.example']).scenarios.map(({ name }) => name);
    expect(names).toEqual(SCENARIOS.filter(({ general }) => general).map(({ name }) => name));
    expect(names).not.toContain('listnr-client-credentials');
  });

  it('are refused when they are unknown or no numbers', () => {
    expect(() => parseOptions(['--scenario', 'logout'])).toThrow('There is no scenario logout here;');
    expect(() => parseOptions(['--seconds', '0'])).toThrow('--seconds takes a whole number from 1.');
    expect(() => parseOptions(['--connections', 'many'])).toThrow(
      '--connections takes a whole number from 1.',
    );
    expect(() => parseOptions(['--fast'])).toThrow("Unknown option '--fast'");
  });
});
