import type { Queryable } from '../database.ts';
import type { Logger } from '../log/logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Clock } from './clock.ts';

/**
 * The database's clock. Rows expire by it, while a process dates its tokens by its own. The clocks of a row's writer
 * and reader may differ, so every time in a row is the database's, translated where the row is written and read.
 */
export interface DatabaseTime {
  /** How many seconds this process's clock is ahead of the database's; negative when it is behind. */
  readonly offsetSeconds: number;
  toDatabase(date: Date): Date;
  fromDatabase(date: Date): Date;
}

/** For an embedded database, which shares the clock of its process. */
export const SAME_CLOCK: DatabaseTime = {
  offsetSeconds: 0,
  toDatabase: (date) => date,
  fromDatabase: (date) => date,
};

export interface MeasuredTime extends DatabaseTime {
  measure(): Promise<void>;
}

/** A smaller difference is travel time, or the drift between synchronized clocks. */
const TOLERATED_SECONDS = 5;

/** The offset is 0 while it is tolerable, so that times are written and read exactly. */
export function createDatabaseTime({
  clock,
  databaseNow,
  logger,
  metrics,
}: {
  clock: Clock;
  databaseNow(): Promise<Date>;
  logger: Pick<Logger, 'info' | 'warn'>;
  metrics: Pick<Metrics, 'setClockOffset'>;
}): MeasuredTime {
  let offsetSeconds = 0;
  const shifted = (date: Date, seconds: number) => new Date(date.getTime() + seconds * 1000);

  return {
    get offsetSeconds() {
      return offsetSeconds;
    },
    toDatabase: (date) => shifted(date, -offsetSeconds),
    fromDatabase: (date) => shifted(date, offsetSeconds),
    async measure() {
      const asked = performance.now();
      const here = clock.now().getTime();
      const there = (await databaseNow()).getTime();
      const elapsed = performance.now() - asked;
      // A slow answer says nothing about the clock.
      if (elapsed > TOLERATED_SECONDS * 1000) return;
      const measured = (here + elapsed / 2 - there) / 1000;
      metrics.setClockOffset(measured);
      const before = offsetSeconds;
      offsetSeconds = Math.abs(measured) > TOLERATED_SECONDS ? Math.round(measured) : 0;
      if (before === 0 && offsetSeconds !== 0) logger.warn({ offsetSeconds }, sentenceOf(offsetSeconds));
      if (before !== 0 && offsetSeconds === 0)
        logger.info('The clock agrees with that of the database again.');
    },
  };
}

/** The database's clock, for decisions about times that stand in rows. */
export function databaseClock(clock: Clock, time: DatabaseTime): Clock {
  return { now: () => time.toDatabase(clock.now()) };
}

/** Reads the database's clock, also inside a transaction. */
export async function readDatabaseClock(db: Queryable): Promise<Date> {
  const { rows } = await db.raw<{ rows: [{ now: Date }] }>('SELECT clock_timestamp() AS now');
  return rows[0].now;
}

function sentenceOf(offsetSeconds: number): string {
  const [seconds, direction] = [Math.abs(offsetSeconds), offsetSeconds < 0 ? 'behind' : 'ahead of'];
  return `The clock of this process is ${seconds} seconds ${direction} that of the database. People can sign in, but others may refuse its tokens as expired, or as not yet valid: set the clocks of both machines.`;
}
