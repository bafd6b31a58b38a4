import { judge, type Minute, windowsOf } from '../../bench/soak/verdict.ts';

const MIB = 2 ** 20;

/** An hour in which everything stays the same after the tenth minute, except for `growth` in each minute. */
function anHour(growth: (minute: number) => Partial<Minute> = () => ({})): Minute[] {
  return Array.from({ length: 60 }, (_, n) => ({
    minute: n + 1,
    resident: (100 + Math.min(n, 10)) * MIB,
    residentMost: 120 * MIB,
    proportional: 90 * MIB,
    anonymous: 80 * MIB,
    descriptors: 40,
    descriptorsMost: 50,
    heapUsed: 30 * MIB,
    compiled: 12 * MIB,
    series: 300,
    requests: 4800,
    rows: { grants: 500 },
    ...growth(n + 1),
  }));
}

const notMet = (minutes: readonly Minute[]) =>
  judge(minutes)
    .filter(({ met }) => !met)
    .map(({ what, first, last }) => ({ what, first, last }));

describe('the verdict on a soak', () => {
  it('compares the ten minutes after the first quarter of an hour with the last ten', () => {
    expect(windowsOf(60)).toEqual({ from: 15, length: 10 });
    expect(judge(anHour())).toEqual([
      { what: 'resident MiB', first: 110, last: 110, atMost: 111, met: true },
      { what: 'open descriptors', first: 50, last: 50, atMost: 51, met: true },
      { what: 'series of /metrics', first: 300, last: 300, atMost: 310, met: true },
      { what: 'rows of grants', first: 500, last: 500, atMost: 700, met: true },
    ]);
  });

  it.each<[string, (minute: number) => Partial<Minute>, { what: string; first: number; last: number }]>([
    [
      'memory that grows by 2 MiB',
      (minute) => ({ resident: (110 + minute * 0.05) * MIB }),
      { what: 'resident MiB', first: 111, last: 112.75 },
    ],
    [
      'descriptors that are lost',
      (minute) => ({ descriptorsMost: 40 + minute }),
      { what: 'open descriptors', first: 60, last: 95 },
    ],
    [
      'labels of what was asked',
      (minute) => ({ series: 300 + minute }),
      { what: 'series of /metrics', first: 320, last: 355 },
    ],
    [
      'rows that stay',
      (minute) => ({ rows: { grants: 500 + minute * 20 } }),
      { what: 'rows of grants', first: 900, last: 1600 },
    ],
  ])('finds %s', (_name, growth, expected) => {
    expect(notMet(anHour(growth))).toEqual([expected]);
  });

  it('forgives a minute without a collection of garbage', () => {
    const minutes = anHour((minute) => (minute === 55 ? { resident: 200 * MIB } : {}));
    expect(notMet(minutes)).toEqual([]);
  });
});
