import { totpCode, totpStep } from '../../src/authentication/totp/totp.ts';

/** The secret of both documents, `12345678901234567890`, in base 32. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('the codes of an authenticator app', () => {
  it.each(
    // RFC 4226, appendix D.
    ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'].map(
      (code, counter) => [counter, code] as const,
    ),
  )('are those of RFC 4226, of each counter', (counter, code) => {
    expect(totpCode(SECRET, counter)).toBe(code);
  });

  it.each([
    // RFC 6238, appendix B: the last six of its eight digits.
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('are those of RFC 6238, at each time', (epochSeconds, code) => {
    expect(totpCode(SECRET, totpStep(epochSeconds))).toBe(code);
  });
});
