import { jest } from '@jest/globals';
import { createRateLimit, type RateLimit } from '../../../src/http/rate-limits/rate-limit.ts';

describe('a limit of two in a minute', () => {
  let limit: RateLimit;
  beforeEach(() => {
    jest.useFakeTimers();
    limit = createRateLimit(2);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const refusal = (act: () => void) => {
    try {
      act();
      return undefined;
    } catch (error) {
      return error as { status: number; headers: Record<string, string> };
    }
  };

  it('refuses the third of a key until the minute of the first is over, and counts other keys by themselves', () => {
    limit.count('a');
    jest.advanceTimersByTime(20_000);
    limit.count('a');
    expect(refusal(() => limit.count('a'))).toMatchObject({ status: 429, headers: { 'Retry-After': '40' } });
    expect(refusal(() => limit.count('b'))).toBeUndefined();
    jest.advanceTimersByTime(40_000);
    expect(refusal(() => limit.count('a'))).toBeUndefined();
  });

  it('checks without counting, and takes an event back', () => {
    limit.note('a');
    for (let n = 0; n < 5; n += 1) limit.check('a');
    limit.note('a');
    expect(refusal(() => limit.check('a'))).toMatchObject({ status: 429 });
    limit.giveBack('a');
    expect(refusal(() => limit.check('a'))).toBeUndefined();
  });

  it('notes what it does not refuse', () => {
    for (let n = 0; n < 5; n += 1) limit.note('a');
    expect(refusal(() => limit.count('a'))).toMatchObject({ status: 429 });
  });
});
