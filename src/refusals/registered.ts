import { printable } from '../platform/log/printable.ts';
import { LONGEST, MOST_VALUES } from './shown.ts';

/** Registered values of the client that asks, fit to be kept and shown. */
export function registered(values: readonly string[]): string[] {
  return values.slice(0, MOST_VALUES).map((value) => printable(value, LONGEST));
}
