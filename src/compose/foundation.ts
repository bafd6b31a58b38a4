import { createRefusals, type Refusals } from '../audit/refusals.ts';
import { createEvents, type Events } from '../audit/token-events.ts';
import type { Config } from '../config.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/log/logger.ts';
import { createMetrics, type Metrics } from '../platform/metrics.ts';
import { createOutboundFetch, type OutboundFetch } from '../platform/network/outbound-fetch.ts';
import { createHashQueue, type HashQueue, hashesAtOnce } from '../platform/secrets/hash-queue.ts';
import { createSecretBox, type SecretBox } from '../platform/secrets/secret-box.ts';
import { type Clock, systemClock } from '../platform/time/clock.ts';
import {
  createDatabaseTime,
  databaseClock,
  type MeasuredTime,
  readDatabaseClock,
} from '../platform/time/database-time.ts';

/** The parts that all other parts need. */
export interface Foundation {
  logger: Logger;
  clock: Clock;
  database: Database;
  /** The database's time, which may differ from this process's. */
  databaseTime: MeasuredTime;
  /** A clock with the database's time, by which keys rotate and secrets expire. */
  rowClock: Clock;
  box: SecretBox;
  hashes: HashQueue;
  metrics: Metrics;
  events: Events;
  /** Writes refusals into the audit trail. */
  refusals: Refusals;
  /** The one way to ask addresses that somebody else answers. */
  outboundFetch: OutboundFetch;
}

export type FoundationOverrides = Partial<
  Pick<Foundation, 'clock' | 'databaseTime' | 'hashes' | 'outboundFetch'>
>;

/** First measures the database's clock. */
export async function composeFoundation({
  secrets,
  outbound,
  workers,
  passwords,
  logger,
  database,
  overrides,
}: Pick<Foundation, 'logger' | 'database'> & {
  secrets: Config['secrets'];
  outbound: Config['outbound'];
  workers: Config['workers'];
  passwords: Config['passwords'];
  overrides: FoundationOverrides;
}): Promise<Foundation> {
  const metrics = createMetrics();
  const clock = overrides.clock ?? systemClock;
  const databaseNow = () => readDatabaseClock(database.background);
  const databaseTime = overrides.databaseTime ?? createDatabaseTime({ clock, databaseNow, logger, metrics });
  await databaseTime.measure();
  return {
    logger,
    clock,
    database,
    databaseTime,
    rowClock: databaseClock(clock, databaseTime),
    box: createSecretBox(secrets.keyEncryptionKeys),
    hashes:
      overrides.hashes ??
      createHashQueue({ atOnce: hashesAtOnce({ workers, memoryKib: passwords.cost.memoryKib }) }),
    metrics,
    events: createEvents({ logger, metrics }),
    refusals: createRefusals(database.knex, secrets.keyEncryptionKeys),
    outboundFetch: overrides.outboundFetch ?? createOutboundFetch(outbound),
  };
}
