import type { Logger } from './logger.ts';

/** Work that this process repeats. One run at a time; a failing run is logged, and the next comes at its time. */
export interface Job {
  name: string;
  everyMs: number;
  /** A long run ends early when `stopped` is aborted. */
  run(stopped: AbortSignal): Promise<void>;
}

/** Starts the jobs, each first after its interval. `stop` ends them and waits for what is running, whose failures are then nobody's business. */
export function startJobs(jobs: readonly Job[], logger: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loops = jobs.map((job) => repeat(job, logger, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function repeat({ name, everyMs, run }: Job, logger: Logger, stopped: AbortSignal): Promise<void> {
  let failing = false;
  while (await pause(everyMs, stopped)) {
    try {
      await run(stopped);
      if (failing) logger.info({ job: name }, 'job works again');
      failing = false;
    } catch (error) {
      // Its database may have been closed under it.
      if (stopped.aborted) return;
      // Once a failure, not once a second while the database is away.
      if (!failing) logger.error({ job: name, err: error }, 'job failed');
      failing = true;
    }
  }
}

/** True after `ms`; false when stopped before. */
function pause(ms: number, stopped: AbortSignal): Promise<boolean> {
  return new Promise((done) => {
    if (stopped.aborted) return done(false);
    const end = (result: boolean) => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', abort);
      done(result);
    };
    const abort = () => end(false);
    const timer = setTimeout(() => end(true), ms);
    timer.unref();
    stopped.addEventListener('abort', abort);
  });
}
