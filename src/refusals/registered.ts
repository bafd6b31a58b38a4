import { printable } from '../platform/log/printable.ts';

const LONGEST = 300;
const MOST_VALUES = 20;

/** Registered values of the client that asks, fit to be kept and shown. */
export function registered(values: readonly string[]): string[] {
  return values.slice(0, MOST_VALUES).map((value) => printable(value, LONGEST));
}
