import { setTimeout as pause } from 'node:timers/promises';
import type { Operations } from './operations.ts';
import type { Random } from './random.ts';

/** The share of each operation, in per cent. */
export type Mix = Partial<Record<keyof Operations, number>>;

/** `read` is userinfo and introspection; `end` is revoking, signing out, and reuse. */
const MIX: Mix = { refresh: 40, read: 25, listnr: 15, signIn: 15, end: 5 };

const BUSY_MS = 5;
/** How often to look for an idle grant before a person is signed in instead. */
const LOOKS = 200;

/** Keeps `concurrency` clients busy until `done`. Resolves when the last one has its answer. */
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
  /** Called after each operation. */
  count?: (name: keyof Operations) => void;
  /** A client's average pause after each operation; by default none. */
  restMs?: number;
  done: () => boolean;
}): Promise<void> {
  const worker = async () => {
    while (!done()) {
      // A client that finds no idle grant waits, so that the mix stays the same. But it does not wait long: when no
      // grant is left, all clients would wait for one of them to sign somebody in.
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
