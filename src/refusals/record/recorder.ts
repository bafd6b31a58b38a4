import { AsyncLocalStorage } from 'node:async_hooks';
import { isDatabaseUnavailable } from '../../platform/database-errors.ts';
import type { Logger } from '../../platform/log/logger.ts';
import { outageLogOf } from '../../platform/log/outage-log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { createPlaces } from '../../platform/places.ts';
import { withinShare } from '../../platform/postgres/share.ts';
import type { Refused } from '../refused.ts';
import { type DropCause, MOST_AT_ONCE, MOST_QUEUED, RATES } from './bounds.ts';
import { clean } from './clean-values.ts';
import type { RefusalRowsStore } from './refusal-rows-store.ts';

/**
 * Records refusals behind the requests: they wait in memory, and a statement writes many at a time. No request waits for
 * it, and it never throws. It drops and counts a refusal that finds no place.
 */
export interface RefusalRecorder {
  /** `network`: the address of the request, or its network. */
  record(refused: Refused, network: string): void;
  /** Writes what waits now. */
  flush(): Promise<void>;
}

const WRITE_EVERY_MS = 250;
/** After a batch that took long, the database gets so much more time for others. */
const REST = 4;
const AFTER_FAILURE_MS = 5000;
/** The name of its share of the connections. */
const SHARE = 'refusals';

type Waiting = Refused & { since: number };

export function createRefusalRecorder({
  rows,
  metrics,
  logger,
}: {
  rows: RefusalRowsStore;
  metrics: Pick<Metrics, 'countRefusals' | 'countDroppedRefusals'>;
  logger: Pick<Logger, 'info' | 'error'>;
}): RefusalRecorder {
  /** Leaves the context of the request, which is over when its refusal is written. */
  const outside = AsyncLocalStorage.snapshot();
  const place = createPlaces((name) => RATES[kindOf(name)]);
  const outage = outageLogOf(logger);
  let queue: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let notBefore = 0;
  let isFailing = false;

  const reportFailure = (error: unknown): void => {
    if (isDatabaseUnavailable(error)) outage.report(error);
    // The first failure of several that follow each other.
    else if (!isFailing) logger.error({ err: error }, 'refusals are not recorded');
    isFailing = true;
  };

  const writeSome = async (): Promise<void> => {
    const batch = queue.slice(0, MOST_AT_ONCE);
    queue = queue.slice(MOST_AT_ONCE);
    const began = performance.now();
    let added = false;
    try {
      const lanes = await rows.add(
        batch.map(({ since, ...refused }) => ({ ...refused, ageMs: began - since })),
      );
      added = true;
      metrics.countRefusals(batch.length);
      await rows.boundLanes(lanes);
      isFailing = false;
      notBefore = performance.now() + Math.max(WRITE_EVERY_MS, REST * (performance.now() - began));
    } catch (error) {
      if (!added) metrics.countDroppedRefusals('database', batch.length);
      reportFailure(error);
      notBefore = performance.now() + AFTER_FAILURE_MS;
    }
  };

  const write = (): Promise<void> => {
    writing ??= outside(() => withinShare(SHARE, writeSome)).finally(() => {
      writing = undefined;
      if (queue.length > 0) schedule();
    });
    return writing;
  };

  const schedule = (): void => {
    if (timer !== undefined || writing !== undefined) return;
    const pauseMs = Math.max(WRITE_EVERY_MS, notBefore - performance.now());
    timer = outside(() =>
      setTimeout(() => {
        timer = undefined;
        if (queue.length > 0) void write();
      }, pauseMs).unref(),
    );
  };

  return {
    record(refused, network) {
      const full = queue.length >= MOST_QUEUED ? 'queue' : place(namesOf(refused, network));
      if (full !== undefined) {
        metrics.countDroppedRefusals(full === 'queue' ? full : kindOf(full), 1);
        return;
      }
      queue.push({ ...clean(refused), since: performance.now() });
      schedule();
    },

    async flush() {
      await writing;
      while (queue.length > 0) await write();
    },
  };
}

/** The buckets in which a refusal takes a place. The first word of each says which bound it has. */
function namesOf({ service, clientId, claim, clientIs, error, why }: Refused, network: string): string[] {
  const isProven = clientIs === 'authenticated';
  const client = `${service} ${claim ?? clientId ?? ''} ${isProven}`;
  const reason = `${client} ${why?.reason ?? error}`;
  return [
    ...(isProven ? [] : [`sender_reason ${network} ${reason}`, `sender ${network} ${client}`]),
    `reason ${reason}`,
    `client ${client}`,
    ...(isProven ? [] : [`network ${network}`]),
    `all ${isProven}`,
  ];
}

function kindOf(name: string): Exclude<DropCause, 'queue' | 'database'> {
  return name.slice(0, name.indexOf(' ')) as keyof typeof RATES;
}
