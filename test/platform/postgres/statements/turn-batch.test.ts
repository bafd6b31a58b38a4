import { currentShare, withinShare } from '../../../../src/platform/postgres/share.ts';
import { ConnectionLost } from '../../../../src/platform/postgres/sqlstates.ts';
import { batchOfTurn } from '../../../../src/platform/postgres/statements/turn-batch.ts';

/** A number alone, or several together. */
type Asked = number | readonly number[];

/** Doubles numbers, and remembers how it was asked. `refuse` throws for the statement of several. */
function doubling(refuse: () => void = () => {}) {
  const asked: Asked[] = [];
  const shares: (string | undefined)[] = [];
  const double = batchOfTurn<number, number>({
    name: 'numbers',
    async one(number) {
      asked.push(number);
      shares.push(currentShare()?.endpoint);
      if (number < 0) throw new Error(`${number} is negative`);
      return number * 2;
    },
    async several(numbers) {
      asked.push(numbers);
      shares.push(currentShare()?.endpoint);
      refuse();
      return numbers.map((number) => number * 2);
    },
  });
  return { asked, shares, double };
}

/** An error as `pg` makes it of what Postgres says. */
function refusal(code: string): Error {
  return Object.assign(new Error('refused'), { code, severity: 'ERROR' });
}

describe('questions to the database', () => {
  it('that come alone are asked alone, as the request that asks', async () => {
    const { asked, shares, double } = doubling();
    expect(await withinShare('/auth/userinfo', () => double(1))).toBe(2);
    expect(await withinShare('/auth/introspect', () => double(2))).toBe(4);
    expect({ asked, shares }).toEqual({ asked: [1, 2], shares: ['/auth/userinfo', '/auth/introspect'] });
  });

  it('that come in one turn are asked together, in the share of the endpoint that asked first, and each gets its answer', async () => {
    const { asked, shares, double } = doubling();
    expect(await withinShare('/auth/userinfo', () => Promise.all([3, 1, 2].map(double)))).toEqual([6, 2, 4]);
    expect({ asked, shares }).toEqual({ asked: [[3, 1, 2]], shares: ['/auth/userinfo'] });
  });

  it('are asked together 32 at most', async () => {
    const { asked, double } = doubling();
    const numbers = Array.from({ length: 70 }, (_, n) => n);
    expect(await Promise.all(numbers.map(double))).toEqual(numbers.map((n) => n * 2));
    expect(asked).toEqual([numbers.slice(0, 32), numbers.slice(32, 64), numbers.slice(64)]);
  });

  it('are asked again, each alone, when Postgres refuses them together: one value may be wrong', async () => {
    const { asked, double } = doubling(() => {
      throw refusal('22021');
    });
    const answers = await Promise.allSettled([1, -1, 2].map(double));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(asked).toEqual([[1, -1, 2], 1, -1, 2]);
  });

  it.each([
    { what: 'the connection breaks', error: new ConnectionLost('gone') },
    { what: 'Postgres ends the statement', error: refusal('57014') },
    { what: 'the answer cannot be read', error: new TypeError('no answer') },
  ])('fail together when $what, and are not asked again', async ({ error }) => {
    const { asked, double } = doubling(() => {
      throw error;
    });
    const answers = await Promise.allSettled([1, 2].map(double));
    expect(answers).toEqual([1, 2].map(() => ({ status: 'rejected', reason: error })));
    expect(asked).toEqual([[1, 2]]);
  });
});
