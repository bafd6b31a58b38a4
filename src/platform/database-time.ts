import type { Clock } from './clock.ts';
import type { Queryable } from './database.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/**
 * The database's clock, by which rows expire and are deleted, as against this process's, by which its tokens are
 * dated. Two processes whose clocks differ, and a row that one writes for the other, meet at the database: whatever a
 * row says of time is in the database's time, and is translated where it is written and read.
 */
export interface DatabaseTime {
  /** How far this process's clock is ahead of the database's, to be taken off; negative when it is behind. */
  readonly offsetSeconds: number;
  toDatabase(date: Date): Date;
  fromDatabase(date: Date): Date;
}

/** Of an embedded database and its process, which have one clock. */
export const SAME_CLOCK: DatabaseTime = {
  offsetSeconds: 0,
  toDatabase: (date) => date,
  fromDatabase: (date) => date,
};

export interface MeasuredTime extends DatabaseTime {
  /** Compares the clocks. */
  measure(): Promise<void>;
}

/** Less than this is the way to the database and back, and what synchronized clocks differ by. */
const TOLERATED_SECONDS = 5;

/** `offset` is taken as 0 while it is tolerable, so that what is written and read is exact. */
export function createDatabaseTime({
  databaseNow,
  logger,
  metrics,
}: {
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
      const asked = Date.now();
      const there = (await databaseNow()).getTime();
      const answered = Date.now();
      // An answer that was long under way says nothing.
      if (Math.abs(answered - asked) > TOLERATED_SECONDS * 1000) return;
      const measured = ((asked + answered) / 2 - there) / 1000;
      metrics.setClockOffset(measured);
      const before = offsetSeconds;
      offsetSeconds = Math.abs(measured) > TOLERATED_SECONDS ? Math.round(measured) : 0;
      if (before === 0 && offsetSeconds !== 0) logger.warn({ offsetSeconds }, sentenceOf(offsetSeconds));
      if (before !== 0 && offsetSeconds === 0)
        logger.info('The clock agrees with that of the database again.');
    },
  };
}

/** The database's clock, for what is decided by times that stand in rows. */
export function databaseClock(clock: Clock, time: DatabaseTime): Clock {
  return { now: () => time.toDatabase(clock.now()) };
}

/** What the database's clock says now, also inside a transaction. */
export async function readDatabaseClock(db: Queryable): Promise<Date> {
  const { rows } = await db.raw<{ rows: [{ now: Date }] }>('SELECT clock_timestamp() AS now');
  return rows[0].now;
}

function sentenceOf(offsetSeconds: number): string {
  const [seconds, direction] = [Math.abs(offsetSeconds), offsetSeconds < 0 ? 'behind' : 'ahead of'];
  return `The clock of this process is ${seconds} seconds ${direction} that of the database. People can sign in, but others may refuse its tokens as expired, or as not yet valid: set the clocks of both machines.`;
}
