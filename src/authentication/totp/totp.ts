import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Codes of an authenticator app (TOTP, RFC 6238), with the values that every app knows. */
const STEP_SECONDS = 30;
const DIGITS = 6;
/** RFC 4226 section 4 recommends 160 bits. */
const SECRET_BYTES = 20;
/** The clock of a phone and the time to type a code (RFC 6238 section 5.2). */
const SKEW_STEPS = 1;
/** So far a wrong clock is recognized: a little more than an hour, as of a wrong summer time. */
const RECOGNIZED_STEPS = (75 * 60) / STEP_SECONDS;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export type Comparison =
  | { outcome: 'right'; step: number }
  /** The code belongs to this many seconds before now; after it, where the number is negative. */
  | { outcome: 'other_time'; secondsAgo: number }
  | { outcome: 'wrong' };

/** A new secret, in base 32, as apps want it. */
export function newTotpSecret(): string {
  return encodeBase32(randomBytes(SECRET_BYTES));
}

export function totpStep(epochSeconds: number): number {
  return Math.floor(epochSeconds / STEP_SECONDS);
}

/** The code of a time step (RFC 4226 section 5.3). */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', decodeBase32(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** Compares a code with those of now, and of the step before and after. People type spaces in the middle. */
export function compareTotp(secret: string, typed: string, epochSeconds: number): Comparison {
  const code = Buffer.from(typed.normalize('NFKC').replace(/[\s-]/g, ''));
  const now = totpStep(epochSeconds);
  const isOf = (step: number) => {
    const expected = Buffer.from(totpCode(secret, step));
    return expected.length === code.length && timingSafeEqual(expected, code);
  };
  for (const step of stepsAround(now, 0, SKEW_STEPS)) if (isOf(step)) return { outcome: 'right', step };
  for (const step of stepsAround(now, SKEW_STEPS + 1, RECOGNIZED_STEPS))
    if (isOf(step)) return { outcome: 'other_time', secondsAgo: (now - step) * STEP_SECONDS };
  return { outcome: 'wrong' };
}

/** The address that a QR code tells the app. */
export function totpAddress(
  secret: string,
  { issuer, account }: { issuer: string; account: string },
): string {
  const label = [issuer, account].map(encodeURIComponent).join(':');
  // Some apps read a plus sign as it stands, so spaces are written as %20.
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}`;
}

function stepsAround(now: number, from: number, to: number): number[] {
  const distances = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return distances.flatMap((distance) => (distance === 0 ? [now] : [now - distance, now + distance]));
}

function encodeBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => BASE32[Number.parseInt(five, 2)]).join('');
}

function decodeBase32(text: string): Buffer {
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
