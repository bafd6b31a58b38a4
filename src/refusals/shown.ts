import { printable, printableAddress } from '../platform/log/printable.ts';

/** So much of a value is kept, and so many of a list. */
export const LONGEST = 300;
export const MOST_VALUES = 20;
/** So long a word with a digit is no name that somebody chose, but may be a secret in the wrong place. */
const RANDOM_WORD = /(?=[A-Za-z_+/=-]*\d)[\w+/=-]{32,}/g;
const WORD_BEGINNING = 8;
const E_MAIL = /[^\s@"'<>(),;=]+@[^\s@"'<>(),;]+/g;

/**
 * A value that came, or a list of them, fit to be kept and shown: without what may be a secret or the address of a
 * person. A value that is no text is shown as JSON has it.
 */
export function shown(value: unknown): string | string[] {
  return Array.isArray(value) ? value.slice(0, MOST_VALUES).map(shownText) : shownText(value);
}

function shownText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return printable(text, LONGEST)
    .replaceAll(E_MAIL, '?@?')
    .replaceAll(RANDOM_WORD, (word) => `${word.slice(0, WORD_BEGINNING)}...`);
}

/** The same for addresses, without the values of their parameters. */
export function shownAddress(value: unknown): string | string[] {
  return Array.isArray(value) ? value.slice(0, MOST_VALUES).map(addressText) : addressText(value);
}

function addressText(value: unknown): string {
  return typeof value === 'string' ? printableAddress(value) : shownText(value);
}

/** A time in seconds since the epoch, as a claim has it. */
export function shownTime(seconds: unknown): string {
  const date = typeof seconds === 'number' ? new Date(seconds * 1000) : undefined;
  return date && Number.isFinite(date.getTime()) ? instant(date) : shownText(seconds);
}

/** A moment, to the second. */
export function instant(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A claim with a time that does not do, and the time of this server. */
export function timesOf(
  claims: Readonly<Record<string, unknown>>,
  now: Date,
): { came: Record<string, string>; expected: { now: string } } {
  const came = Object.entries(claims).map(([name, value]) => [name, shownTime(value)]);
  return { came: Object.fromEntries(came), expected: { now: instant(now) } };
}
