import { randomInt } from 'node:crypto';

/** Without I, O, 0 and 1, which people mistake for each other. 32 letters: five bits each. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const LENGTH = 16;
const CODES = 10;

/** Ten new codes of 80 random bits. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () =>
    Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
  );
}

/** As a person sees it: K7QX-M2WP-9HTR-VC4E. */
export function spelledCode(code: string): string {
  return (code.match(/.{4}/g) ?? []).join('-');
}

/** As it is compared, however it was typed. */
export function normalizedCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[^A-Za-z0-9]/g, '')
    .toUpperCase();
}
