import { availableParallelism } from 'node:os';
import { HttpError } from '../errors.ts';

/**
 * Runs password hashes a few at a time. A hash takes a core for tens of milliseconds, and the main thread, which makes
 * the tokens, needs one, too.
 */
export interface HashQueue {
  /**
   * Runs `work` when its turn comes. Lanes take turns, so that one that sends much delays others by one hash each time.
   * @throws HttpError 503 when the queue is full and no lane has more waiting than this one.
   */
  run<T>(lane: string, work: () => Promise<T>): Promise<T>;
}

/** The threads of libuv that hashes may take: one of its four remains for files and name servers. */
const MOST_THREADS = 3;
/** One hash may take as much alone. */
const MOST_MEMORY_KIB = 256 * 1024;
/** For each hash at once. They take about eight seconds; nobody waits much longer for a page. */
const LONGEST = 256;
const RETRY_SECONDS = 5;

interface Turn {
  begin(): void;
  refuse(error: HttpError): void;
}

/**
 * The hashes at once of one process. One core remains for everything else, and `workers` processes share the rest. Each
 * hash takes `memoryKib`.
 */
export function hashesAtOnce({
  workers,
  memoryKib,
  cores = availableParallelism(),
}: {
  workers: number;
  memoryKib: number;
  cores?: number;
}): number {
  const share = Math.floor(Math.max(1, cores - 1) / workers);
  return Math.max(1, Math.min(MOST_THREADS, share, Math.floor(MOST_MEMORY_KIB / memoryKib)));
}

export function createHashQueue({
  atOnce,
  longest = LONGEST * atOnce,
}: {
  atOnce: number;
  longest?: number;
}): HashQueue {
  /** In the order of their next turns. A lane without waiting turns is not in it. */
  const lanes = new Map<string, Turn[]>();
  let running = 0;
  let waiting = 0;

  const enter = (lane: string, turn: Turn) => {
    if (waiting >= longest) makeRoom(lane);
    const turns = lanes.get(lane);
    if (turns) turns.push(turn);
    else lanes.set(lane, [turn]);
    waiting += 1;
  };

  /** The last one of the longest lane goes; the newcomer, if its own lane is as long. */
  const makeRoom = (lane: string) => {
    const [name, turns] = [...lanes].reduce((most, other) =>
      other[1].length > most[1].length ? other : most,
    );
    if ((lanes.get(lane)?.length ?? 0) >= turns.length) throw full();
    if (turns.length === 1) lanes.delete(name);
    waiting -= 1;
    turns.pop()?.refuse(full());
  };

  const beginNext = () => {
    const [next] = lanes;
    if (!next || running >= atOnce) return;
    const [lane, turns] = next;
    const turn = turns.shift();
    lanes.delete(lane);
    if (turns.length > 0) lanes.set(lane, turns);
    waiting -= 1;
    running += 1;
    turn?.begin();
  };

  return {
    async run(lane, work) {
      await new Promise<void>((begin, refuse) => {
        enter(lane, { begin, refuse });
        beginNext();
      });
      try {
        return await work();
      } finally {
        running -= 1;
        beginNext();
      }
    },
  };
}

function full(): HttpError {
  return new HttpError({
    status: 503,
    code: 'temporarily_unavailable',
    message: `Too many passwords are being checked at the moment. Try again in ${RETRY_SECONDS} seconds.`,
    headers: { 'Retry-After': String(RETRY_SECONDS) },
    why: { reason: 'service.hashes_waiting' },
  });
}
