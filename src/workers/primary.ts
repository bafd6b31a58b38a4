import type { Answering, Level, ToPrimary, ToWorker } from './messages.ts';

/** The primary, as a worker sees it. */
export interface Primary {
  /** Resolves when the sentence has been sent, so that the process may end. */
  say(sentence: string, level: Level): Promise<void>;
  /** Resolves when no other worker serves. */
  mayListen(): Promise<void>;
  /**
   * Announces that this worker serves from now on and answers the primary. The primary does not ask workers before
   * that.
   */
  ready(self: WorkerSelf): void;
}

/** The parts of a serving worker that the primary uses. */
export interface WorkerSelf {
  answering: Answering;
  /** Makes `/readyz` say that it is about to stop. */
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
    say: (sentence, level) => tell({ listo: 'say', sentence, level }),
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

/** A primary that is gone receives nothing; this process ends when the channel closes. */
function tell(message: ToPrimary): Promise<void> {
  return new Promise((done) => {
    if (process.send) process.send(message, undefined, undefined, () => done());
    else done();
  });
}
