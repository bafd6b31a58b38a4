import { createNewPasswords, createPasswordJudge } from '../../src/accounts/new-password.ts';
import { createHashQueue } from '../../src/platform/secrets/hash-queue.ts';

const COST = { memoryKib: 8, iterations: 1, parallelism: 1 };
const WEAK = { again: 'short', about: [], lane: 'a browser' };

describe('a new password', () => {
  it('waits for its turn before it is judged, as that takes the main thread', async () => {
    const hashes = createHashQueue({ atOnce: 1 });
    const newPasswords = createNewPasswords({ judge: createPasswordJudge(), hashes, cost: COST });
    const order: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();

    const before = hashes.run('another browser', () => promise).then(() => order.push('the turn before'));
    const judged = newPasswords.accept('short', WEAK).then((result) => {
      order.push('judged');
      return result;
    });
    // Without a turn, judging this takes no more than some microtasks.
    await new Promise(setImmediate);
    resolve();
    await before;

    expect(await judged).toEqual({ mistake: 'The password has 5 characters; it needs 8 or more.' });
    expect(order).toEqual(['the turn before', 'judged']);
  });
});
