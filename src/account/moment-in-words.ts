const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const DATE = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'long', year: 'numeric' },
  timeZone: 'UTC',
});

/** How long ago something was, without a time of day: the server does not know the person's time zone. */
export function agoInWords(then: Date, now: Date): string {
  const elapsed = Math.max(0, now.getTime() - then.getTime());
  if (elapsed < HOUR) return 'within the last hour';
  if (elapsed < DAY) return AGO.format(-Math.floor(elapsed / HOUR), 'hour');
  if (elapsed < 30 * DAY) return AGO.format(-Math.floor(elapsed / DAY), 'day');
  return `on ${dateInWords(then)}`;
}

export function dateInWords(date: Date): string {
  return DATE.format(date);
}
