import { jest } from '@jest/globals';
import { createDatabaseTime, databaseClock } from '../../../src/platform/time/database-time.ts';
import { withStillTime } from '../../support/time/still-time.ts';

/** A database and a process whose clocks are `ahead` and `fast` seconds ahead of the machine's. */
function aDatabase() {
  const database = { ahead: 0, fast: 0 };
  const said: { level: string; fields?: object; sentence: string }[] = [];
  const offsets: number[] = [];
  const time = createDatabaseTime({
    clock: { now: () => new Date(Date.now() + database.fast * 1000) },
    async databaseNow() {
      return new Date(Date.now() + database.ahead * 1000);
    },
    logger: {
      warn: (fields: object, sentence: string) => void said.push({ level: 'warn', fields, sentence }),
      info: (sentence: string) => void said.push({ level: 'info', sentence }),
    } as never,
    metrics: { setClockOffset: (seconds) => void offsets.push(seconds) },
  });
  return { database, said, offsets, time };
}

const DATE = new Date('2026-03-01T12:00:00Z');

describe('a clock that differs from the database’s', () => {
  beforeEach(() => void jest.spyOn(performance, 'now').mockReturnValue(0));
  afterEach(() => void jest.restoreAllMocks());

  it('is said once, translated between, and said again when it is right', () =>
    withStillTime(async () => {
      const { database, said, offsets, time } = aDatabase();
      const seen = () => ({
        offsetSeconds: time.offsetSeconds,
        toDatabase: time.toDatabase(DATE).toISOString(),
        fromDatabase: time.fromDatabase(DATE).toISOString(),
      });
      const differing = (offsetSeconds: number, to: string, from: string) => ({
        offsetSeconds,
        toDatabase: `2026-03-01T${to}.000Z`,
        fromDatabase: `2026-03-01T${from}.000Z`,
      });
      const exact = differing(0, '12:00:00', '12:00:00');
      expect(seen()).toEqual(exact);
      for (const [ahead, expected] of [
        [0, exact],
        [5, exact],
        [-5, exact],
        [3600, differing(-3600, '13:00:00', '11:00:00')],
        [3601, differing(-3601, '13:00:01', '10:59:59')],
        [1, exact],
        [-6, differing(6, '11:59:54', '12:00:06')],
      ] as const) {
        database.ahead = ahead;
        await time.measure();
        expect(seen()).toEqual(expected);
      }
      expect(
        databaseClock({ now: () => DATE }, time)
          .now()
          .toISOString(),
      ).toBe('2026-03-01T11:59:54.000Z');
      expect(offsets).toEqual([0, -5, 5, -3600, -3601, -1, 6]);
      const advice =
        'that of the database. People can sign in, but others may refuse its tokens as expired, or as not yet valid: set the clocks of both machines.';
      expect(said).toEqual([
        {
          level: 'warn',
          fields: { offsetSeconds: -3600 },
          sentence: `The clock of this process is 3600 seconds behind ${advice}`,
        },
        { level: 'info', sentence: 'The clock agrees with that of the database again.' },
        {
          level: 'warn',
          fields: { offsetSeconds: 6 },
          sentence: `The clock of this process is 6 seconds ahead of ${advice}`,
        },
      ]);
    }));

  it('is the one that this process was given', () =>
    withStillTime(async () => {
      const { database, time } = aDatabase();
      database.fast = 3600;
      await time.measure();
      expect(time.offsetSeconds).toBe(3600);
      database.ahead = 3600;
      await time.measure();
      expect(time.offsetSeconds).toBe(0);
    }));

  it('is compared at the middle of the time that the answer took', () =>
    withStillTime(async () => {
      const { offsets, time } = aDatabase();
      elapse(4);
      await time.measure();
      expect(offsets).toEqual([2]);
    }));

  it('is not judged by an answer that was long under way', () =>
    withStillTime(async () => {
      const { said, offsets, time } = aDatabase();
      elapse(20);
      await time.measure();
      expect({ offset: time.offsetSeconds, said, offsets }).toEqual({ offset: 0, said: [], offsets: [] });
    }));

  /** Lets this many seconds pass between two measurements of elapsed time. */
  const elapse = (seconds: number) =>
    jest
      .spyOn(performance, 'now')
      .mockReturnValueOnce(0)
      .mockReturnValueOnce(seconds * 1000);
});
