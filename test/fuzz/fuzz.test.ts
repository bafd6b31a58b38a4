import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { type Opened, openProperties } from './properties.ts';

/** A short run with the same inputs each time. `npm run fuzz -- --minutes 60` takes others. */
const SEED = 11;
const RUNS: Record<string, number> = {
  'requests to every endpoint': 100,
  'hot requests by the short way and the long one': 100,
  'hot requests of any client and person by the short way and the long one': 25,
  'requests begun, left and repeated in two browsers': 5,
  'answers of a customer’s own provider': 10,
  seeds: 15,
  'forwarded addresses': 300,
  environments: 150,
  'calls of commands': 50,
};

const files = readdirSync('.');
let opened: Opened;
beforeAll(async () => {
  opened = await openProperties();
}, 120_000);
afterAll(() => opened.close());

describe('whatever is sent', () => {
  it('goes to each route that exists', () => {
    expect(opened.uncovered).toEqual([]);
  });

  it.each(Object.keys(RUNS))(
    '%s: each is answered as documented',
    async (name) => {
      const found = opened.properties.find((one) => one.name === name);
      const numRuns = RUNS[name] ?? 0;
      await fc.assert(found?.property as fc.IAsyncPropertyWithHooks<unknown[]>, { seed: SEED, numRuns });
    },
    120_000,
  );

  it('is written nowhere beside the sources', () => {
    expect(readdirSync('.')).toEqual(files);
  });

  it('is checked in each of these ways', () => {
    expect(opened.properties.map(({ name }) => name).toSorted()).toEqual(Object.keys(RUNS).toSorted());
  });
});
