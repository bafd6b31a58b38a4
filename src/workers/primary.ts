import type { Answering, ToPrimary, ToWorker } from './messages.ts';

/** The primary, as one of its workers sees it. */
export interface Primary {
  /** Resolves when the sentence is on its way, so that the process may end. */
  say(sentence: string): Promise<void>;
  /** Resolves when no other worker serves. */
  mayListen(): Promise<void>;
  /** This worker serves from now on, and answers what the primary asks, which asks nobody before. */
  ready(self: WorkerSelf): void;
}

/** A worker that serves, as its primary needs it. */
export interface WorkerSelf {
  answering: Answering;
  /** Says at `/readyz` that it is about to stop. */
  retire(): void;
}

export function joinPrimary(): Primary {
  let self: WorkerSelf | undefined;
  let listen: () => void = () => {};
  const allowed = new Promise<void>((done) => {
    listen = done;
  });
  process.on('message', async (message: ToWorker) => {
    if (message.listo === 'listen') listen();
    if (message.listo === 'retire') self?.retire();
    if (message.listo !== 'ask' || !self) return;
    const { question } = message;
    const answer = await self.answering[question]().catch(() => undefined);
    await tell({ listo: 'answer', question, answer });
  });
  return {
    say: (sentence) => tell({ listo: 'say', sentence }),
    async mayListen() {
      await tell({ listo: 'waiting' });
      await allowed;
    },
    ready(running) {
      self = running;
      void tell({ listo: 'ready' });
    },
  };
}

/** A primary that has gone hears nothing; this process ends with the channel. */
function tell(message: ToPrimary): Promise<void> {
  return new Promise((done) => {
    if (process.send) process.send(message, undefined, undefined, () => done());
    else done();
  });
}
