import fc from 'fast-check';

const ACTS = [
  'begin',
  'go',
  'submit',
  'again',
  'resume',
  'redeem',
  'use',
  'device',
  'poll',
  'leave',
  'open',
] as const;

/** One act of one of two browsers, or of the client behind it. */
export interface Act {
  act: (typeof ACTS)[number];
  browser: 0 | 1;
  /** Chooses among the ways to do it. */
  way: number;
  /** How often it is done at the same time. */
  times: 1 | 2 | 3;
}

/** A way that leads on; the others begin another request, refuse, or use something that is not theirs. */
const ON = 1;

const acting = (what: fc.Arbitrary<Act['act']>, { on }: { on: number }): fc.Arbitrary<Act> =>
  fc.record({
    act: what,
    browser: fc.oneof(
      { weight: on, arbitrary: fc.constant<0 | 1>(0) },
      { weight: 1, arbitrary: fc.constant<0 | 1>(1) },
    ),
    way: fc.oneof({ weight: on, arbitrary: fc.constant(ON) }, { weight: 1, arbitrary: fc.nat({ max: 40 }) }),
    times: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Act['times']>(1) },
      { weight: 1, arbitrary: fc.constantFrom<Act['times'][]>(2, 3) },
    ),
  });

/** The order in which somebody honest acts. */
const ORDERS: Act['act'][][] = [
  ['begin', 'submit', 'redeem', 'use', 'use', 'leave'],
  ['begin', 'submit', 'redeem', 'use', 'begin', 'redeem', 'leave', 'submit', 'use'],
  ['begin', 'submit', 'submit', 'redeem', 'use'],
  ['device', 'submit', 'submit', 'poll', 'use'],
  ['open', 'begin', 'go', 'redeem'],
];

/** One of these orders, with acts left out and others in between. */
export const acts: fc.Arbitrary<Act[]> = fc
  .tuple(
    fc.oneof(
      ...ORDERS.map((order) =>
        fc.tuple(...order.map((what) => acting(fc.constant(what), { on: what === 'use' ? 1 : 6 }))),
      ),
    ),
    fc.array(
      fc.tuple(fc.nat({ max: 12 }), fc.option(acting(fc.constantFrom(...ACTS), { on: 1 }), { freq: 4 })),
      { maxLength: 6 },
    ),
  )
  .map(([order, changes]) => {
    const all: Act[] = [...order];
    for (const [at, another] of changes)
      all.splice(at % (all.length + 1), another ? 0 : 1, ...(another ? [another] : []));
    return all;
  });
