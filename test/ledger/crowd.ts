import { createHonestClient } from './client.ts';
import type { Ledger } from './ledger.ts';
import { createListnrVerifier } from './listnr.ts';
import { runLoad } from './load.ts';
import { createOperations } from './operations.ts';
import { paceOf, UNKNOWN_PACE } from './pace.ts';
import { createRandom } from './random.ts';
import { verifyWorld } from './verify.ts';
import { createWorld, type World } from './world.ts';

/** People who are signed in through one address, and the clients that use their tokens. */
export interface Crowd {
  world: World;
  /** Keeps the clients busy during `work`. Resolves when the last one has its answer. */
  busyDuring(work: () => Promise<void>): Promise<void>;
  /** Asks with every token that anybody holds, when nothing breaks any more. */
  verify(databaseUrl: string): Promise<void>;
}

export interface CrowdOptions {
  url: string;
  issuer: string;
  ledger: Ledger;
  seed: number;
  concurrency: number;
  /** A client's average pause between two operations. */
  restMs: number;
  giveUpMs?: number;
}

const SIGN_INS_A_CLIENT = 8;

export async function gatherCrowd({
  url,
  issuer,
  ledger,
  seed,
  concurrency,
  restMs,
  giveUpMs,
}: CrowdOptions): Promise<Crowd> {
  const random = createRandom(seed);
  ledger.pace = UNKNOWN_PACE;
  const client = createHonestClient({ ledger, urls: [url], random, ...(giveUpMs ? { giveUpMs } : {}) });
  const world = createWorld(issuer);
  const verifyListnr = await createListnrVerifier(url, issuer);
  const operations = createOperations({ client, world, ledger, random, verifyListnr });
  const signedIn = () => world.grants.length >= concurrency * SIGN_INS_A_CLIENT;
  await runLoad({ operations, random, concurrency, mix: { signIn: 100 }, done: signedIn });
  ledger.pace = paceOf(ledger.entries);
  const count = (name: string) => {
    ledger.load[name] = (ledger.load[name] ?? 0) + 1;
  };

  return {
    world,
    async busyDuring(work) {
      let isOver = false;
      const load = runLoad({ operations, random, concurrency, count, restMs, done: () => isOver });
      await work().finally(() => {
        isOver = true;
      });
      await load;
    },
    verify: (databaseUrl) => verifyWorld({ client, world, ledger, random, databaseUrl, concurrency }),
  };
}
