import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Clock, epochSeconds } from '../time/clock.ts';

/** A wrong clock is one of the things that the operator looks for. */
const VALID_SECONDS = 60 * 60;

/**
 * Proves that a request comes from the operator, who has the keys that sign cookies. It lets them see their own request
 * as it arrived (http/mirror.ts), and nothing else.
 */
export function mirrorProof([key = '']: readonly string[], clock: Clock): string {
  const time = String(epochSeconds(clock));
  return `${time}.${sign(key, time).toString('base64url')}`;
}

export function isMirrorProof(proof: string, keys: readonly string[], clock: Clock): boolean {
  const [time = '', mac = ''] = proof.split('.');
  if (!/^\d{1,12}$/.test(time) || Math.abs(Number(time) - epochSeconds(clock)) > VALID_SECONDS) return false;
  const given = Buffer.from(mac, 'base64url');
  return keys.some((key) => {
    const expected = sign(key, time);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function sign(key: string, time: string): Buffer {
  return createHmac('sha256', key).update(`mirror:${time}`).digest();
}
