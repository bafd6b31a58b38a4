import type { CountedMetrics } from '../platform/metrics.ts';

/** The parts of readiness, for operators. */
export type Readiness = { status: string } & Record<string, unknown>;

/** The answers of workers to the primary. A worker that is not ready yet has no metrics. */
export interface Answers {
  metrics: CountedMetrics | null;
  readiness: Readiness;
}

export type Question = keyof Answers;

/** The functions with which a worker answers. */
export type Answering = { [Q in Question]: () => Promise<Answers[Q]> };

/** The messages between the processes of a cluster, over Node's channel. */
export type ToWorker =
  | { listo: 'ask'; question: Question }
  /** No other worker serves, so a worker that waits for the database may listen and say that it lives. */
  | { listo: 'listen' }
  /** All workers are about to stop. */
  | { listo: 'retire' };

export type ToPrimary =
  | { listo: 'answer'; question: Question; answer: Answers[Question] | undefined }
  | { listo: 'ready' }
  | { listo: 'waiting' }
  /** For people, who want to read it once, not once for each worker. */
  | { listo: 'say'; sentence: string; level: Level };

/** How grave a sentence is. */
export type Level = 'info' | 'warn' | 'fatal';
