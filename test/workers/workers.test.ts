import { pauseAfter } from '../../src/workers/workers.ts';

describe('the replacement of a worker', () => {
  it('waits longer with each that ended early, up to ten seconds', () => {
    expect(Array.from({ length: 10 }, (_, early) => pauseAfter(early))).toEqual([
      0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000,
    ]);
  });
});
