import { createHashQueue, hashesAtOnce } from '../../../src/platform/secrets/hash-queue.ts';

/** Work that begins in its turn and ends when the test says so. */
function heldWork(queue: ReturnType<typeof createHashQueue>) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const tick = () => new Promise((done) => setImmediate(done));
  return {
    begun,
    tick,
    run: (lane: string, name: string) =>
      queue.run(lane, () => {
        begun.push(name);
        return new Promise<string>((done) => ends.set(name, () => done(name)));
      }),
    async end(name: string) {
      ends.get(name)?.();
      await tick();
    },
  };
}

const FULL = {
  status: 503,
  code: 'temporarily_unavailable',
  message: 'Too many passwords are being checked at the moment. Try again in 5 seconds.',
  headers: { 'Retry-After': '5' },
};

describe('the queue of hashes', () => {
  it('begins only so many at once, and the next when one ends', async () => {
    const { run, begun, tick, end } = heldWork(createHashQueue({ atOnce: 2 }));
    const all = ['1', '2', '3'].map((name) => run('a', name));
    await tick();
    expect(begun).toEqual(['1', '2']);
    await end('1');
    expect(begun).toEqual(['1', '2', '3']);
    await end('2');
    await end('3');
    expect(await Promise.all(all)).toEqual(['1', '2', '3']);
  });

  it('goes on after work that failed', async () => {
    const queue = createHashQueue({ atOnce: 1 });
    await expect(queue.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await queue.run('a', async () => 'yes')).toBe('yes');
  });

  it('takes turns between lanes, so that one with much waiting delays another by one hash', async () => {
    const { run, begun, tick, end } = heldWork(createHashQueue({ atOnce: 1 }));
    for (const name of ['a1', 'a2', 'a3']) void run('a', name);
    void run('b', 'b1');
    await tick();
    for (const name of ['a1', 'a2', 'b1', 'a3']) await end(name);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('that is full refuses the lane with the most waiting, and lets a newcomer of another in', async () => {
    const { run, begun, end } = heldWork(createHashQueue({ atOnce: 1, longest: 2 }));
    void run('a', 'a1');
    void run('a', 'a2');
    const last = run('a', 'a3');
    await expect(run('a', 'a4')).rejects.toMatchObject(FULL);
    void run('b', 'b1');
    await expect(last).rejects.toMatchObject(FULL);
    for (const name of ['a1', 'a2', 'b1']) await end(name);
    expect(begun).toEqual(['a1', 'a2', 'b1']);
  });

  it('leaves a core to everything else, shares the rest among workers, and never takes all threads', () => {
    const sizes: [workers: number, cores: number][] = [
      [1, 1],
      [1, 2],
      [1, 4],
      [2, 4],
      [4, 4],
      [1, 64],
      [8, 64],
    ];
    const atOnce = ([workers, cores]: [number, number]) =>
      hashesAtOnce({ workers, cores, memoryKib: 19_456 });
    expect(sizes.map(atOnce)).toEqual([1, 1, 3, 1, 1, 3, 3]);
  });

  it('never takes more than 256 MiB, but for one that takes more alone', () => {
    const memories = [65_536, 87_381, 131_072, 131_073, 262_144, 1_048_576];
    const atOnce = (memoryKib: number) => hashesAtOnce({ workers: 1, cores: 64, memoryKib });
    expect(memories.map(atOnce)).toEqual([3, 3, 2, 1, 1, 1]);
  });
});
