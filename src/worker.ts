import { readinessOf } from './internal-app.ts';
import type { RunningServer } from './server.ts';
import type { Answers, Question, ToPrimary, ToWorker } from './worker-messages.ts';

/** The primary, as one of its workers sees it. */
export interface Primary {
  /** Resolves when the sentence is on its way, so that the process may end. */
  say(sentence: string): Promise<void>;
  /** Resolves when no other worker serves. */
  mayListen(): Promise<void>;
  /** This worker serves from now on, and answers what the primary asks, which asks nobody before. */
  ready(server: RunningServer): void;
}

export function joinPrimary(): Primary {
  let server: RunningServer | undefined;
  let listen: () => void = () => {};
  const allowed = new Promise<void>((done) => {
    listen = done;
  });
  process.on('message', async (message: ToWorker) => {
    if (message.listo === 'listen') listen();
    if (message.listo === 'retire') server?.retire();
    if (message.listo !== 'ask' || !server) return;
    const { question } = message;
    const answer = await answersOf(server)
      [question]()
      .catch(() => undefined);
    await tell({ listo: 'answer', question, answer });
  });
  return {
    say: (sentence) => tell({ listo: 'say', sentence }),
    async mayListen() {
      await tell({ listo: 'waiting' });
      await allowed;
    },
    ready(running) {
      server = running;
      void tell({ listo: 'ready' });
    },
  };
}

function answersOf(server: RunningServer): { [Q in Question]: () => Promise<Answers[Q]> } {
  const { services, retiring } = server;
  return {
    metrics: () => services.metrics.registry.getMetricsAsJSON(),
    readiness: () => readinessOf(services, retiring()),
  };
}

/** A primary that has gone hears nothing; this process ends with the channel. */
function tell(message: ToPrimary): Promise<void> {
  return new Promise((done) => {
    if (process.send) process.send(message, undefined, undefined, () => done());
    else done();
  });
}
