import { awaitDatabase } from '../src/await-database.ts';
import { DatabaseAwayError, OperatorError } from '../src/platform/errors.ts';

const AWAY = new DatabaseAwayError('Postgres at db.example:5432/listo does not answer.');

/** An error of Postgres, as `pg` passes it on. */
function ofPostgres(code: string): Error {
  return Object.assign(new Error('as it says'), { code, severity: 'ERROR' });
}

/** Tries until an outcome is not an error. Time passes only while it waits. */
async function trying(outcomes: Iterable<Error | string>) {
  const said: { at: number; sentence: string }[] = [];
  const pauses: number[] = [];
  let time = 0;
  let away = 0;
  const next = outcomes[Symbol.iterator]();
  const result = await awaitDatabase(
    async () => {
      const outcome = next.next().value;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    {
      say: (sentence) => said.push({ at: time, sentence }),
      onAway: () => {
        away += 1;
      },
      async pause(ms) {
        pauses.push(ms);
        time += ms;
      },
      now: () => time,
    },
  ).catch((error: Error) => error);
  return { result, pauses, said, away };
}

describe('awaiting the database', () => {
  it('takes one that is there as it is', async () => {
    expect(await trying(['there'])).toEqual({ result: 'there', pauses: [], said: [], away: 0 });
  });

  it('tries again with a growing pause, and says so at once and then once a minute', async () => {
    const { result, pauses, said, away } = await trying([...Array(70).fill(AWAY), 'there']);
    expect(result).toBe('there');
    expect(pauses.slice(0, 7)).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    expect(said.map(({ at }) => Math.floor(at / 60_000))).toEqual([0, 1, 2]);
    expect(said[0]).toEqual({ at: 0, sentence: AWAY.message });
    expect(away).toBe(1);
  });

  it.each([
    ['it is read-only just now', ofPostgres('25006')],
    ['it is starting up', ofPostgres('57P03')],
    ['it has no room', ofPostgres('53300')],
    ['a seed met a deadlock', new OperatorError('seed.sql: deadlock', { cause: ofPostgres('40P01') })],
    ['a seed met a standby', new OperatorError('seed.sql: read-only', { cause: ofPostgres('25006') })],
  ])('waits when %s', async (_case, error) => {
    expect((await trying([error, 'there'])).result).toBe('there');
  });

  it.each([
    ['the password is wrong', new OperatorError('refused', { cause: ofPostgres('28P01') })],
    ['there is no such database', new OperatorError('none', { cause: ofPostgres('3D000') })],
    ['a seed is wrong', new OperatorError('seed.sql: twice', { cause: ofPostgres('23505') })],
    ['a key opens nothing', new OperatorError('KEY_ENCRYPTION_KEY cannot open it')],
    ['a statement of ours is wrong', ofPostgres('42601')],
    ['it is a fault of ours', new TypeError('undefined is not a function')],
  ])('does not wait when %s', async (_case, error) => {
    expect(await trying([error, 'there'])).toEqual({ result: error, pauses: [], said: [], away: 0 });
  });
});
