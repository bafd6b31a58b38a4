import { runLoad } from './load.ts';
import type { Operations } from './operations.ts';
import { createRandom } from './random.ts';

describe('the load of a run', () => {
  it('goes on where nobody is left: somebody is signed in', async () => {
    let signedIn = 0;
    let refreshed = 0;
    const each = async () => signedIn > 0;
    const operations: Operations = {
      read: each,
      end: each,
      listnr: async () => true,
      async refresh() {
        if (signedIn > 0) refreshed += 1;
        return signedIn > 0;
      },
      async signIn() {
        signedIn += 1;
        return true;
      },
    };
    await runLoad({
      operations,
      random: createRandom(1),
      concurrency: 3,
      mix: { refresh: 100 },
      done: () => refreshed > 10,
    });
    expect(signedIn).toBeGreaterThanOrEqual(1);
  });
});
