import { keepCopy, type Reading } from '../../../src/platform/copies/kept-copy.ts';

/** A database whose reads end when the test decides. */
function heldReads() {
  const waiting: ((reading: Reading<string> | Error) => void)[] = [];
  return {
    read: () =>
      new Promise<Reading<string>>((done, failed) => {
        waiting.push((reading) => (reading instanceof Error ? failed(reading) : done(reading)));
      }),
    /** Ends the oldest read under way, or the one that `n` counts from there. */
    answer(reading: Reading<string> | Error, n = 0) {
      waiting.splice(n, 1)[0]?.(reading);
    },
    underWay: () => waiting.length,
  };
}

async function copyOf(version: string, content: string) {
  const reads = heldReads();
  const making = keepCopy(reads.read);
  reads.answer({ version, content });
  return { copy: await making, ...reads };
}

const look = (version: string, afterFailure = false) => ({ version, began: performance.now(), afterFailure });

describe('a copy that is kept of what the database holds', () => {
  it('is confirmed, and not read again, by a look that found its version', async () => {
    const { copy, underWay } = await copyOf('5', 'five');
    const { began, ...rest } = look('5');
    await copy.follow({ began, ...rest });
    expect(underWay()).toBe(0);
    expect(copy.confirmedAt).toBe(began);
    expect(copy.content).toBe('five');
  });

  it('is replaced by what a read finds after the version changed', async () => {
    const { copy, answer } = await copyOf('5', 'five');
    const following = copy.follow(look('6'));
    expect(copy.content).toBe('five');
    answer({ version: '6', content: 'six' });
    await following;
    expect(copy.content).toBe('six');
  });

  it('compares versions as numbers', async () => {
    const { copy, answer } = await copyOf('9', 'nine');
    const [older, newer] = [copy.reload(), copy.reload()];
    answer({ version: '10', content: 'ten' }, 1);
    await newer;
    answer({ version: '9', content: 'nine' });
    await older;
    expect(copy.content).toBe('ten');
  });

  it('is never replaced by a read that another overtook', async () => {
    const { copy, answer } = await copyOf('5', 'five');
    const [first, second] = [copy.reload(), copy.reload()];
    answer({ version: '6', content: 'six' }, 1);
    await second;
    const { confirmedAt } = copy;
    answer({ version: '5', content: 'five' });
    await first;
    expect(copy.content).toBe('six');
    expect(copy.confirmedAt).toBe(confirmedAt);
  });

  it('is replaced by a read that began before another and saw more than it', async () => {
    const { copy, answer } = await copyOf('5', 'five');
    const [first, second] = [copy.reload(), copy.reload()];
    answer({ version: '6', content: 'six' }, 1);
    await second;
    answer({ version: '7', content: 'seven' });
    await first;
    expect(copy.content).toBe('seven');
  });

  it('stays, unconfirmed, when reading fails, and is read again at the next look', async () => {
    const { copy, answer } = await copyOf('5', 'five');
    const { confirmedAt } = copy;
    const failing = copy.follow(look('6'));
    answer(new Error('the database is away'));
    await expect(failing).rejects.toThrow('the database is away');
    expect(copy).toMatchObject({ content: 'five', confirmedAt });
    const following = copy.follow(look('6'));
    answer({ version: '6', content: 'six' });
    await following;
    expect(copy.content).toBe('six');
    expect(copy.confirmedAt).toBeGreaterThan(confirmedAt);
  });

  it('is read again after a failed look, though the version is the same: a failover may have lost commits', async () => {
    const { copy, answer, underWay } = await copyOf('7', 'a commit that was lost');
    const failing = copy.follow(look('7', true));
    answer(new Error('the database is away'));
    await expect(failing).rejects.toThrow('the database is away');
    // A failed read does not remove the doubt.
    const following = copy.follow(look('7'));
    answer({ version: '7', content: 'another commit' });
    await following;
    expect(copy.content).toBe('another commit');
    await copy.follow(look('7'));
    expect(underWay()).toBe(0);
  });

  it('takes a lower version that was read later: a backup was restored', async () => {
    const { copy, answer } = await copyOf('7', 'seven');
    const following = copy.follow(look('3'));
    answer({ version: '3', content: 'three' });
    await following;
    expect(copy.content).toBe('three');
  });
});
