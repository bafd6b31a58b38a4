import { setTimeout as pause } from 'node:timers/promises';
import type { Operations } from './operations.ts';
import type { Random } from './random.ts';

/** How often what is done, in per cent of all operations. */
export type Mix = Partial<Record<keyof Operations, number>>;

/** `read` is userinfo and introspection; `end` is revoking, signing out, and reuse. */
const MIX: Mix = { refresh: 40, read: 25, listnr: 15, signIn: 15, end: 5 };

const BUSY_MS = 5;
/** How often somebody free is looked for, before somebody is signed in instead. */
const LOOKS = 200;

/** Keeps `concurrency` clients busy until `done`; resolves when the last of them has its answer. */
export async function runLoad({
  operations,
  random,
  concurrency,
  mix = MIX,
  count = () => {},
  restMs = 0,
  done,
}: {
  operations: Operations;
  random: Random;
  concurrency: number;
  mix?: Mix;
  /** Told of each operation that was done. */
  count?: (name: keyof Operations) => void;
  /** What a client rests after each, on average; without it, they are as busy as they can be. */
  restMs?: number;
  done: () => boolean;
}): Promise<void> {
  const worker = async () => {
    while (!done()) {
      // A client that finds nobody free waits, rather than doing something else: the mix stays what it is. But not for
      // long: where nobody is left, all clients would wait for one of them to sign somebody in.
      const name = choose(mix, random);
      let found = await operations[name]();
      for (let look = 1; !found && look < LOOKS && !done(); look += 1) {
        await pause(BUSY_MS);
        found = await operations[name]();
      }
      if (!found && !done()) await operations.signIn();
      count(found ? name : 'signIn');
      if (restMs > 0) await pause(random.between(0, 2 * restMs));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

function choose(mix: Mix, random: Random): keyof Operations {
  let at = random.next() * 100;
  for (const [name, share] of Object.entries(mix) as [keyof Operations, number][]) {
    at -= share;
    if (at < 0) return name;
  }
  return 'signIn';
}
