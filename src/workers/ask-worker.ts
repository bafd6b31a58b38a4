import type { Worker } from 'node:cluster';
import type { Answers, Question, ToPrimary, ToWorker } from './messages.ts';

const ANSWER_WITHIN_MS = 2000;

/** The result of a question. */
export type Outcome<Q extends Question> = { answer: Answers[Q] } | 'silent' | 'gone';

/** Asks one worker, which may end meanwhile. */
export type AskWorker = <Q extends Question>(question: Q) => Promise<Outcome<Q>>;

/**
 * However many callers ask, a worker that does not answer in time (stopped, or kept busy) receives the question once,
 * and again only after it has answered.
 */
export function createAskWorker(worker: Worker): AskWorker {
  const waiting = new Map<Question, Set<(outcome: Outcome<Question>) => void>>();
  const settle = (question: Question, outcome: Outcome<Question>) => {
    const asked = waiting.get(question) ?? [];
    waiting.delete(question);
    for (const done of asked) done(outcome);
  };
  worker.on('message', (message: ToPrimary) => {
    if (message.listo !== 'answer') return;
    const { question, answer } = message;
    settle(question, answer === undefined ? 'silent' : { answer });
  });
  worker.once('exit', () => {
    for (const question of [...waiting.keys()]) settle(question, 'gone');
  });

  return (question) =>
    new Promise((done) => {
      if (worker.isDead()) return done('gone');
      const asked = waiting.get(question) ?? new Set();
      const timer = setTimeout(() => {
        asked.delete(heard);
        done('silent');
      }, ANSWER_WITHIN_MS);
      const heard = (outcome: Outcome<Question>) => {
        clearTimeout(timer);
        done(outcome as Outcome<typeof question>);
      };
      asked.add(heard);
      if (waiting.has(question)) return;
      waiting.set(question, asked);
      tellWorker(worker, { listo: 'ask', question });
    });
}

/** A worker that cannot be reached has ended or is about to. */
export function tellWorker(worker: Worker, message: ToWorker): void {
  worker.process.send?.(message, undefined, undefined, () => {});
}
