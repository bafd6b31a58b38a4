import { parseCompareOptions } from '../../bench/compare-options.ts';
import { comparisonTable, type Sample } from '../../bench/report/comparison.ts';
import { quartiles, ratiosOfOneSide, ratiosOfPairs, type Turn, turnsOf } from '../../bench/report/pairs.ts';

const turns = (...values: number[]): Turn[] =>
  turnsOf(values.length / 2).map((side, n) => ({ side, value: values[n] ?? 0 }));

describe('the turns of two sides', () => {
  it('change so that each side is as often the first', () => {
    expect(turnsOf(4)).toEqual(['here', 'other', 'other', 'here', 'here', 'other', 'other', 'here']);
    expect(turnsOf(1)).toEqual(['here', 'other']);
  });

  it('make pairs, and the value here is divided by the other one, whichever came first', () => {
    expect(ratiosOfPairs(turns(300, 100, 100, 250, 80, 40))).toEqual([3, 2.5, 2]);
  });

  it('have the same side on both sides of a pair’s end, which shows the noise', () => {
    expect(ratiosOfOneSide(turns(300, 100, 110, 250, 200, 40))).toEqual([1.1, 0.8]);
    expect(ratiosOfOneSide(turns(300, 100))).toEqual([]);
  });

  it('are not moved by a machine that becomes slower', () => {
    const drifting = turns(
      ...[100, 90, 80, 70, 60, 50, 40, 30].map((speed, n) => speed * (turnsOf(4)[n] === 'here' ? 2 : 1)),
    );
    const [first = 0, second = 0] = ratiosOfPairs(drifting);
    expect(first).toBeGreaterThan(2);
    expect(second).toBeLessThan(2);
  });
});

describe('quartiles', () => {
  it('are values, or interpolated between two', () => {
    expect(quartiles([5, 1, 3, 2, 4])).toEqual({ low: 2, median: 3, high: 4 });
    expect(quartiles([4, 1, 2, 3])).toEqual({ low: 1.75, median: 2.5, high: 3.25 });
    expect(quartiles([7])).toEqual({ low: 7, median: 7, high: 7 });
  });

  it('are unknown for nothing, and where something was divided by zero', () => {
    expect(quartiles([])).toBeUndefined();
    expect(quartiles([1, Number.POSITIVE_INFINITY])).toBeUndefined();
    expect(quartiles([1, Number.NaN])).toBeUndefined();
  });
});

describe('the table of a comparison', () => {
  const sample = (side: Sample['side'], requestsPerSecond: number, serverMs: number): Sample => ({
    side,
    requestsPerSecond,
    serverMs,
    databaseMs: 0,
  });

  it('has the medians of both sides, the ratio of the pairs with its quartiles, and the noise', () => {
    const samples = [
      sample('here', 2000, 0.5),
      sample('other', 1000, 1),
      sample('other', 1000, 1),
      sample('here', 3000, 0.25),
    ];
    expect(comparisonTable([{ title: 'Userinfo', samples }]).split('\n')).toEqual([
      '| request  |           figure |  here | other | here / other |    quartiles | a side / itself |',
      '| -------- | ---------------: | ----: | ----: | -----------: | -----------: | --------------: |',
      '| Userinfo | answers a second | 2,500 | 1,000 |         2.50 | 2.25 to 2.75 |    1.00 to 1.00 |',
      '|          |   CPU server, ms |  0.38 |  1.00 |         0.38 | 0.31 to 0.44 |    1.00 to 1.00 |',
      '|          | CPU database, ms |  0.00 |  0.00 |              |              |                 |',
    ]);
  });

  it('has no noise for a single pair', () => {
    const samples = [sample('here', 2000, 0.5), sample('other', 1000, 1)];
    expect(comparisonTable([{ title: 'Userinfo', samples }]).split('\n')[2]).toMatch(
      /\| +2\.00 \| 2\.00 to 2\.00 \| +\|$/,
    );
  });
});

describe('the command line of a comparison', () => {
  it('names a commit, requests, and variables of each side', () => {
    const options = parseCompareOptions(
      'HEAD~1 --scenario refresh --pairs 3 --env DIRECT=none --env A=b=c --own-env LOG_LEVEL='.split(' '),
    );
    expect(options).toMatchObject({
      commit: 'HEAD~1',
      pairs: 3,
      seconds: 5,
      here: { LOG_LEVEL: '' },
      other: { DIRECT: 'none', A: 'b=c' },
    });
    expect(options.scenarios.map(({ name }) => name)).toEqual(['refresh']);
  });

  it('compares every request that goes without other load beside it', () => {
    const names = parseCompareOptions(['HEAD']).scenarios.map(({ name }) => name);
    expect(names).toContain('userinfo');
    expect(names).not.toContain('listnr-during-flood');
  });

  it('is refused without a commit, with two, and with a variable that has no name', () => {
    const one = 'Name one commit to compare with: npm run bench:compare -- COMMIT [options].';
    expect(() => parseCompareOptions([])).toThrow(one);
    expect(() => parseCompareOptions(['HEAD', 'main'])).toThrow(one);
    expect(() => parseCompareOptions(['HEAD', '--env', '=none'])).toThrow('--env takes NAME=VALUE.');
    expect(() => parseCompareOptions(['HEAD', '--pairs', '0'])).toThrow(
      '--pairs takes a whole number from 1.',
    );
    expect(() => parseCompareOptions(['HEAD', '--no'])).toThrow("Unknown option '--no'");
  });
});
