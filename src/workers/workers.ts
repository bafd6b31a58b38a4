/**
 * The processes of a cluster, as its primary keeps them: one per core, sharing the port. One that ends is replaced while
 * the others serve, and nothing that one of them does or leaves undone ends the whole; but for a first start that fails
 * of what an operator must correct.
 */
import cluster, { type Worker } from 'node:cluster';
import type { Logger } from '../platform/logger.ts';
import { type AskWorker, createAskWorker, tellWorker } from './ask-worker.ts';
import { passOnConnections } from './handed-connections.ts';
import type { Answers, Question, ToPrimary } from './messages.ts';

/**
 * Says that a start failed of something that an operator must correct, and that it was printed; EX_CONFIG of sysexits.
 * Not 1, with which Node ends on an error that nobody caught.
 */
export const CANNOT_START = 78;

/** Having served for so long, the next end is a new story. */
const SETTLED_MS = 30_000;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** For workers that have not begun to serve. */
const END_WITHIN_MS = 5000;
/** The same sentence of two workers is meant once. */
const SAME_SENTENCE_MS = 50_000;

/** How long the replacement of a process waits that ended early so many times in a row. */
export function pauseAfter(early: number): number {
  return early === 0 ? 0 : Math.min(SHORTEST_PAUSE_MS * 2 ** (early - 1), LONGEST_PAUSE_MS);
}

/** What there is to say of a worker that is not ready. */
const OF_A_START: Answers = { metrics: null, readiness: { status: 'starting' } };

interface Running {
  worker: Worker;
  ask: AskWorker;
  state: 'starting' | 'waiting' | 'ready';
  readySince: number;
  /** How many before it ended early, one after another. */
  early: number;
}

export class Workers {
  readonly #running = new Set<Running>();
  readonly #logger: Logger;
  readonly #say: (sentence: string) => void;
  #stopping = false;
  #everReady = false;

  constructor({ count, logger, print }: { count: number; logger: Logger; print(text: string): void }) {
    this.#logger = logger;
    this.#say = once(print);
    for (let n = 0; n < count; n += 1) this.#begin(0);
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** What each worker answers; undefined from one that does not in time. One that ended meanwhile is left out. */
  async ask<Q extends Question>(question: Q): Promise<{ pid: number; answer: Answers[Q] | undefined }[]> {
    const asked = [...this.#running].map(async ({ worker, ask, state }) => ({
      pid: worker.process.pid ?? 0,
      // While it loads it hears nothing, for seconds on a busy machine.
      outcome: state === 'ready' ? await ask(question) : { answer: OF_A_START[question] },
    }));
    return (await Promise.all(asked)).flatMap(({ pid, outcome }) =>
      outcome === 'gone' ? [] : [{ pid, answer: outcome === 'silent' ? undefined : outcome.answer }],
    );
  }

  /** Passes a signal on. They finish what they have; who has not ended after `withinMs` is ended. */
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
    // A channel that broke, whose worker is about to end; or a process that could not be made, which has no end.
    worker.on('error', () => {
      if (worker.process.pid === undefined) this.#ended(entry, null, null);
    });
  }

  #hear(entry: Running, message: ToPrimary): void {
    if (message.listo === 'say') this.#say(message.sentence);
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

  /** While none serves, those that wait for the database listen, to say that they live. */
  #letListen(): void {
    const all = [...this.#running];
    if (all.some(({ state }) => state === 'ready')) return;
    for (const { worker, state } of all) if (state === 'waiting') tellWorker(worker, { listo: 'listen' });
  }
}

/** Leaves out a sentence that was said a moment ago. */
function once(print: (text: string) => void): (sentence: string) => void {
  const said = new Map<string, number>();
  return (sentence) => {
    const now = performance.now();
    for (const [other, at] of said) if (now - at >= SAME_SENTENCE_MS) said.delete(other);
    if (said.has(sentence)) return;
    said.set(sentence, now);
    print(`${sentence}\n`);
  };
}
