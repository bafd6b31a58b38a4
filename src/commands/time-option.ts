import { OperatorError } from '../platform/errors.ts';
import type { Clock } from '../platform/time/clock.ts';

const MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The time that an option names: a day, a time with its zone, or an age. @throws OperatorError for anything else. */
export function timeOf(option: 'since' | 'until', text: string, clock: Clock): Date {
  const [, count, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  if (count && unit) return new Date(clock.now().getTime() - Number(count) * MS[unit as keyof typeof MS]);
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const time = new Date(isTime ? text : Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new OperatorError(
    `--${option} takes a day such as 2026-11-27, a time with its zone such as 2026-11-27T14:00:00Z, or an age such as 30m, 12h or 7d.`,
  );
}
