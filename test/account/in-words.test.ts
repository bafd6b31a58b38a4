import { agoInWords, dateInWords } from '../../src/account/moment-in-words.ts';
import { deviceInWords } from '../../src/authentication/device-in-words.ts';

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0';
const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
const UNKNOWN = 'A browser or device that we do not recognize';

describe('a device in words', () => {
  it.each([
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`, 'Chrome on Windows'],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/126.0`,
      'Microsoft Edge on Windows',
    ],
    [`Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${SAFARI}`, 'Safari on an iPhone'],
    [`Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) ${SAFARI}`, 'Safari on an iPad'],
    [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${CHROME} Mobile Safari/537.36`, 'Chrome on Android'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0', 'Firefox on Linux'],
    ['curl/8.0', UNKNOWN],
    ['x'.repeat(300), UNKNOWN],
    ['', UNKNOWN],
    [undefined, UNKNOWN],
  ])('%s', async (userAgent, words) => {
    expect(await deviceInWords(userAgent)).toBe(words);
  });
});

describe('a moment in words', () => {
  const NOW = new Date('2026-11-27T14:00:00Z');
  it.each([
    ['2026-11-27T14:00:01Z', 'within the last hour'],
    ['2026-11-27T13:00:01Z', 'within the last hour'],
    ['2026-11-27T13:00:00Z', '1 hour ago'],
    ['2026-11-26T14:00:01Z', '23 hours ago'],
    ['2026-11-26T14:00:00Z', '1 day ago'],
    ['2026-10-28T14:00:01Z', '29 days ago'],
    ['2026-10-28T14:00:00Z', 'on 28 October 2026'],
  ])('%s is %s', (then, words) => {
    expect(agoInWords(new Date(then), NOW)).toBe(words);
  });

  it('has a date for people', () => {
    expect(dateInWords(NOW)).toBe('27 November 2026');
  });
});
