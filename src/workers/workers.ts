/**
 * The processes of a cluster, as its primary keeps them: one for each core, sharing the port. The primary replaces a
 * worker that ends, while the others serve. No act or omission of one worker ends the whole, with one exception: at
 * the first start, an error that an operator must correct.
 */
import cluster, { type Worker } from 'node:cluster';
import type { Logger } from '../platform/log/logger.ts';
import { type AskWorker, createAskWorker, tellWorker } from './ask-worker.ts';
import { passOnConnections } from './handed-connections.ts';
import type { Answers, Level, Question, ToPrimary } from './messages.ts';

/**
 * The exit code after an error that an operator must correct, which was printed; EX_CONFIG of sysexits. Node itself
 * ends with 1 after an uncaught error.
 */
export const CANNOT_START = 78;

/** A worker that served for this long did not end early. */
const SETTLED_MS = 30_000;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** The time limit for workers that have not begun to serve. */
const END_WITHIN_MS = 5000;
/** The same sentence within this time comes from another worker and is not repeated. */
const SAME_SENTENCE_MS = 50_000;

/** How long a replacement waits after this many early ends in a row. */
export function pauseAfter(early: number): number {
  return early === 0 ? 0 : Math.min(SHORTEST_PAUSE_MS * 2 ** (early - 1), LONGEST_PAUSE_MS);
}

/** The answers for a worker that is not ready. */
const OF_A_START: Answers = { metrics: null, readiness: { status: 'starting' } };

type Say = (sentence: string, level: Level) => void;

interface Running {
  worker: Worker;
  ask: AskWorker;
  state: 'starting' | 'waiting' | 'ready';
  readySince: number;
  /** The number of early ends in a row before it. */
  early: number;
}

export class Workers {
  readonly #running = new Set<Running>();
  readonly #logger: Logger;
  readonly #say: Say;
  #stopping = false;
  #everReady = false;

  constructor({ count, logger, print }: { count: number; logger: Logger; print: Say }) {
    this.#logger = logger;
    this.#say = once(print);
    for (let n = 0; n < count; n += 1) this.#begin(0);
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** The answers of all workers: undefined for one that is silent; without those that ended meanwhile. */
  async ask<Q extends Question>(question: Q): Promise<{ pid: number; answer: Answers[Q] | undefined }[]> {
    const asked = [...this.#running].map(async ({ worker, ask, state }) => ({
      pid: worker.process.pid ?? 0,
      // A loading worker reads no messages, for seconds on a busy machine.
      outcome: state === 'ready' ? await ask(question) : { answer: OF_A_START[question] },
    }));
    return (await Promise.all(asked)).flatMap(({ pid, outcome }) =>
      outcome === 'gone' ? [] : [{ pid, answer: outcome === 'silent' ? undefined : outcome.answer }],
    );
  }

  /** Passes a signal on. The workers finish their work, and after `withinMs` the remaining ones are killed. */
  stop(signal: NodeJS.Signals, withinMs: number): void {
    this.#stopping = true;
    for (const { worker } of this.#running) {
      tellWorker(worker, { listo: 'retire' });
      worker.process.kill(signal);
    }
    if (this.#running.size === 0) process.exit();
    setTimeout(() => this.kill(), withinMs);
  }

  kill(): void {
    for (const { worker } of this.#running) worker.process.kill('SIGKILL');
  }

  #begin(early: number): void {
    if (this.#stopping) return;
    let worker: Worker;
    try {
      worker = cluster.fork();
    } catch (error) {
      this.#logger.error({ err: error }, 'a worker cannot be made');
      this.#beginAfter(early);
      return;
    }
    const entry: Running = { worker, ask: createAskWorker(worker), state: 'starting', readySince: 0, early };
    this.#running.add(entry);
    passOnConnections(worker, () =>
      [...this.#running].some((other) => other !== entry && other.state === 'ready'),
    );
    worker.on('message', (message: ToPrimary) => this.#hear(entry, message));
    worker.once('exit', (code, signal) => this.#ended(entry, code, signal));
    // The channel broke and the worker is about to end, or no process could be made, so no `exit` follows.
    worker.on('error', () => {
      if (worker.process.pid === undefined) this.#ended(entry, null, null);
    });
  }

  #hear(entry: Running, message: ToPrimary): void {
    if (message.listo === 'say') this.#say(message.sentence, message.level);
    if (message.listo === 'waiting') entry.state = 'waiting';
    if (message.listo === 'ready') {
      entry.state = 'ready';
      entry.readySince = performance.now();
      this.#everReady = true;
    }
    this.#letListen();
  }

  #ended(entry: Running, code: number | null, signal: string | null): void {
    if (!this.#running.delete(entry)) return;
    if (code === CANNOT_START && !this.#everReady && !this.#stopping) {
      process.exitCode = CANNOT_START;
      this.stop('SIGTERM', END_WITHIN_MS);
    }
    if (this.#stopping) {
      if (this.#running.size === 0) process.exit();
      return;
    }
    this.#letListen();
    const settled = entry.state === 'ready' && performance.now() - entry.readySince >= SETTLED_MS;
    const early = settled ? 0 : entry.early;
    const { pid } = entry.worker.process;
    this.#logger.warn({ pid, code, signal, pauseMs: pauseAfter(early) }, 'a worker ended and is replaced');
    this.#beginAfter(early);
  }

  #beginAfter(early: number): void {
    setTimeout(() => this.#begin(early + 1), pauseAfter(early));
  }

  /** While no worker serves, those that wait for the database listen and say that they live. */
  #letListen(): void {
    const all = [...this.#running];
    if (all.some(({ state }) => state === 'ready')) return;
    for (const { worker, state } of all) if (state === 'waiting') tellWorker(worker, { listo: 'listen' });
  }
}

/** Omits a sentence that was printed a moment ago. */
function once(print: Say): Say {
  const said = new Map<string, number>();
  return (sentence, level) => {
    const now = performance.now();
    for (const [other, at] of said) if (now - at >= SAME_SENTENCE_MS) said.delete(other);
    if (said.has(sentence)) return;
    said.set(sentence, now);
    print(sentence, level);
  };
}
