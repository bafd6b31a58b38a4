import { isDatabaseUnavailable } from './database-errors.ts';
import type { Logger } from './log/logger.ts';
import { outageLogOf } from './log/outage-log.ts';

/** Work that this process repeats, one run at a time. A failed run is logged, and the next run starts as scheduled. */
export interface Job {
  name: string;
  everyMs: number;
  /** Returns early when `stopped` is aborted. */
  run(stopped: AbortSignal): Promise<void>;
}

/**
 * Starts the jobs; each waits one interval before its first run. `stop` ends them and waits for runs under way, whose
 * failures nobody hears of.
 */
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
  const outage = outageLogOf(logger);
  while (await pause(everyMs, stopped)) {
    try {
      await run(stopped);
      outage.over();
      if (failing) logger.info({ job: name }, 'job works again');
      failing = false;
    } catch (error) {
      // The database may have been closed during the run.
      if (stopped.aborted) return;
      if (isDatabaseUnavailable(error)) {
        outage.report(error);
        continue;
      }
      // Logs the first failure only, not one a second.
      if (!failing) logger.error({ job: name, err: error }, 'job failed');
      failing = true;
    }
  }
}

/** Resolves with true after `ms`, or with false as soon as it is stopped. */
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
