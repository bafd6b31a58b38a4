import type { ServerResponse } from 'node:http';
import type { Clock } from '../../platform/time/clock.ts';

/**
 * Adds a `Max-Age` to every cookie of an answer that has an `Expires`. Browsers prefer it (RFC 6265 section 5.3).
 * `Expires` is a time of this machine's clock, which a browser compares with its own. If the two differ by more than
 * a cookie's life, the cookie would be gone before it is sent back.
 */
export function ageCookies(res: ServerResponse, clock: Clock): void {
  const cookies = res.getHeader('Set-Cookie');
  if (!Array.isArray(cookies) || res.headersSent) return;
  res.setHeader(
    'Set-Cookie',
    cookies.map((cookie) => withAge(cookie, clock)),
  );
}

function withAge(cookie: string, clock: Clock): string {
  const [, expires] = /; expires=([^;]+)/i.exec(cookie) ?? [];
  if (expires === undefined || /; max-age=/i.test(cookie)) return cookie;
  const seconds = Math.max(0, Math.ceil((Date.parse(expires) - clock.now().getTime()) / 1000));
  return `${cookie}; max-age=${seconds}`;
}
