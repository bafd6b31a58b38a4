import type { DatabaseTime } from './database-time.ts';

/** One of the protocol library's objects, as it is stored. */
export type Payload = Record<string, unknown>;

/** Members of the protocol library's objects that are times, in seconds. */
const TIMES = ['iat', 'iiat', 'exp', 'loginTs', 'authTime'] as const;

/** A payload as a row keeps it: in the database's time. */
export function toRow(payload: Payload, { offsetSeconds }: DatabaseTime): Payload {
  return shifted(payload, -offsetSeconds);
}

/** A row's payload in this process's time, by which it will be judged. */
export function fromRow(payload: Payload, { offsetSeconds }: DatabaseTime): Payload {
  return shifted(payload, offsetSeconds);
}

function shifted(payload: Payload, seconds: number): Payload {
  if (seconds === 0) return payload;
  const times = TIMES.flatMap((name) => {
    const time = payload[name];
    return typeof time === 'number' ? [[name, time + seconds]] : [];
  });
  return { ...payload, ...Object.fromEntries(times) };
}
