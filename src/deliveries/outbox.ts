import { setTimeout as pause } from 'node:timers/promises';
import { isDatabaseUnavailable } from '../platform/database-errors.ts';
import type { Job } from '../platform/jobs.ts';
import { boundedLog, type Logger } from '../platform/log/logger.ts';
import { outageLogOf } from '../platform/log/outage-log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type Clock, secondsFromNow } from '../platform/time/clock.ts';
import { type Delivery, type Sender, UndeliveredError } from './delivery.ts';
import type { DeliveryStore, Room } from './delivery-store.ts';
import { pauseSecondsAfter } from './pauses.ts';

export interface Outbox extends Job {
  /** Whether nothing is under way. */
  isIdle(): boolean;
}

/** How many deliveries this process sends at a time. Half of them, at most, go to lanes that failed last. */
export interface Parallel {
  atOnce: number;
  perLane: number;
}

const PARALLEL: Parallel = { atOnce: 32, perLane: 4 };
const LOOK_EVERY_MS = 1000;
/** Longer than sending and settling take, so that only the rows of a process that died are sent again. */
const CLAIM_SECONDS = 60;
const TOO_LATE = new UndeliveredError('The time in which it was to be sent is over.', undefined, {
  isFinal: true,
});

/**
 * Sends what is due, until nothing is. Every process may: a claim decides who sends a row. A lane that failed gets one
 * delivery at a time until it answers again, and such lanes have half of the places at most, so receivers that never
 * answer hold up no others.
 */
export function outbox({
  store,
  senders,
  clock,
  metrics,
  logger,
  parallel = PARALLEL,
}: {
  store: DeliveryStore;
  /** By kind. A row of another kind waits for a release that knows it. */
  senders: Readonly<Record<string, Sender>>;
  /** The clock with the database's time. */
  clock: Clock;
  metrics: Pick<Metrics, 'countDelivery'>;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  parallel?: Parallel;
}): Outbox {
  const kinds = Object.keys(senders);
  const warn = boundedLog(logger, { level: 'warn', perSecond: 5 });
  /** The lanes whose last delivery failed. */
  const ailing = new Set<string>();
  /** The deliveries under way, with their ends. */
  const underWay = new Map<Delivery, Promise<void>>();

  const roomNow = (): Room => {
    const ofLanes: Record<string, number> = Object.fromEntries([...ailing].map((lane) => [lane, 1]));
    let ofAiling = Math.ceil(parallel.atOnce / 2);
    for (const { lane } of underWay.keys()) {
      ofLanes[lane] = Math.max(0, (ofLanes[lane] ?? parallel.perLane) - 1);
      if (ailing.has(lane)) ofAiling -= 1;
    }
    const free = parallel.atOnce - underWay.size;
    return { free, perLane: parallel.perLane, ofLanes, ofAiling, ailing: [...ailing] };
  };

  const report = (error: unknown): void => {
    if (isDatabaseUnavailable(error)) outageLogOf(logger).report(error);
    else logger.error({ err: error }, 'the outbox failed');
  };

  /** Returns why it was not delivered; undefined when it was. */
  const attempted = async (delivery: Delivery): Promise<UndeliveredError | undefined> => {
    try {
      await senders[delivery.kind]?.(delivery);
      return undefined;
    } catch (error) {
      if (error instanceof UndeliveredError) return error;
      report(error);
      return new UndeliveredError('This server could not send it; its log says why.', error);
    }
  };

  const send = async (delivery: Delivery): Promise<void> => {
    const { id, kind, clientId: client, lane, attempt, giveUpAt } = delivery;
    // No process ran for long, or the queue was long.
    const isLate = giveUpAt <= clock.now();
    const failure = isLate ? TOO_LATE : await attempted(delivery);
    try {
      if (failure === undefined) {
        ailing.delete(lane);
        await store.delivered(delivery, clock.now());
        metrics.countDelivery(kind, 'sent');
        return;
      }
      const { message: why, isFinal } = failure;
      if (!isFinal) ailing.add(lane);
      // It is given up when the next attempt would come too late.
      const next = isFinal
        ? new Date(giveUpAt.getTime() + 1)
        : secondsFromNow(clock, pauseSecondsAfter(attempt));
      const times = { now: clock.now(), next };
      const givenUp = (await store.failed(delivery, why, times)) === 'given_up';
      metrics.countDelivery(kind, givenUp ? 'given_up' : 'failed');
      const facts = { delivery: id, kind, ...(client === null ? {} : { client }), attempt, detail: why };
      warn(facts, givenUp ? 'a delivery was given up' : 'a delivery failed');
    } catch (error) {
      // The claim lapses, and it is sent again.
      report(error);
    }
  };

  const begin = (delivery: Delivery): void => {
    const end = send(delivery).finally(() => underWay.delete(delivery));
    underWay.set(delivery, end);
  };

  return {
    isIdle: () => underWay.size === 0,
    name: 'deliver',
    everyMs: LOOK_EVERY_MS,
    async run(stopped) {
      try {
        let more = false;
        while (!stopped.aborted) {
          const wasIdle = underWay.size === 0;
          const room = roomNow();
          const now = clock.now();
          const claimed: Delivery[] =
            room.free > 0 && (more || (await store.isDue(kinds, now)))
              ? await store.claim(kinds, room, { now, until: secondsFromNow(clock, CLAIM_SECONDS) })
              : [];
          more = claimed.length > 0;
          for (const delivery of claimed) begin(delivery);
          if (!more && wasIdle) return;
          // The last one may have ended during the claim, which then saw no room.
          if (underWay.size > 0) await nextMoment([...underWay.values()]);
        }
      } finally {
        await Promise.all(underWay.values());
      }
    },
  };
}

/** Resolves when one of the deliveries has ended, or when it is time to look again. */
async function nextMoment(ends: readonly Promise<void>[]): Promise<void> {
  const waking = new AbortController();
  const later = pause(LOOK_EVERY_MS, undefined, { signal: waking.signal }).catch(() => undefined);
  await Promise.race([...ends, later]);
  waking.abort();
}
