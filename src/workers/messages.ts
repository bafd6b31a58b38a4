import type { CountedMetrics } from '../platform/metrics.ts';

/** What readiness consists of, for operators. */
export type Readiness = { status: string } & Record<string, unknown>;

/** What the primary asks its workers. Of one that is not ready yet there are no metrics. */
export interface Answers {
  metrics: CountedMetrics | null;
  readiness: Readiness;
}

export type Question = keyof Answers;

/** How a worker finds its answers. */
export type Answering = { [Q in Question]: () => Promise<Answers[Q]> };

/** What the processes of a cluster say to each other, over the channel that Node gives them. */
export type ToWorker =
  | { listo: 'ask'; question: Question }
  /** No other worker serves, so whoever waits for the database may listen, to say that it lives. */
  | { listo: 'listen' }
  /** All of them are about to stop. */
  | { listo: 'retire' };

export type ToPrimary =
  | { listo: 'answer'; question: Question; answer: Answers[Question] | undefined }
  | { listo: 'ready' }
  | { listo: 'waiting' }
  /** For people, who want to read it once and not once a worker. */
  | { listo: 'say'; sentence: string };
