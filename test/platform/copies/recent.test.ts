import { createRecent } from '../../../src/platform/copies/recent.ts';

describe('the values that were used last', () => {
  it('are as many as the limit says, without the one that nobody used for longest', () => {
    const recent = createRecent<number>({ max: 2 });
    recent.set('a', 1);
    recent.set('b', 2);
    recent.get('a');
    recent.set('c', 3);
    const kept = [...recent.entries()];
    expect(kept).toEqual([
      ['c', 3],
      ['a', 1],
    ]);
  });

  it('take the memory of those that are there, not of all that may come', () => {
    const before = process.memoryUsage().heapUsed;
    const many = Array.from({ length: 100 }, () => createRecent<number>({ max: 1_000_000, ttlMs: 1000 }));
    expect(many).toHaveLength(100);
    // With a number as its limit, each took 32 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });
});
