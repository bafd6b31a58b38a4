import { jest } from '@jest/globals';
import { createDatabaseTime, databaseClock } from '../../src/platform/database-time.ts';
import { withStillTime } from '../support/still-time.ts';

/** A database and a process whose clocks are `ahead` and `fast` seconds ahead of the machine's. */
function aDatabase() {
  const database = { ahead: 0, fast: 0 };
  const said: [string, ...unknown[]][] = [];
  const offsets: number[] = [];
  const time = createDatabaseTime({
    clock: { now: () => new Date(Date.now() + database.fast * 1000) },
    async databaseNow() {
      return new Date(Date.now() + database.ahead * 1000);
    },
    logger: {
      warn: (...line: unknown[]) => void said.push(['warn', ...line]),
      info: (...line: unknown[]) => void said.push(['info', ...line]),
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
      const seen = () => [
        time.offsetSeconds,
        time.toDatabase(DATE).toISOString(),
        time.fromDatabase(DATE).toISOString(),
      ];
      const exact = [0, '2026-03-01T12:00:00.000Z', '2026-03-01T12:00:00.000Z'];
      expect(seen()).toEqual(exact);
      for (const [ahead, expected] of [
        [0, exact],
        [5, exact],
        [-5, exact],
        [3600, [-3600, '2026-03-01T13:00:00.000Z', '2026-03-01T11:00:00.000Z']],
        [3601, [-3601, '2026-03-01T13:00:01.000Z', '2026-03-01T10:59:59.000Z']],
        [1, exact],
        [-6, [6, '2026-03-01T11:59:54.000Z', '2026-03-01T12:00:06.000Z']],
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
        ['warn', { offsetSeconds: -3600 }, `The clock of this process is 3600 seconds behind ${advice}`],
        ['info', 'The clock agrees with that of the database again.'],
        ['warn', { offsetSeconds: 6 }, `The clock of this process is 6 seconds ahead of ${advice}`],
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
