import type { DatabaseTime } from './database-time.ts';

/** An object of the protocol library, as it is stored. */
export type Payload = Record<string, unknown>;

/** The members of such objects that are times, in seconds. */
const TIMES = ['iat', 'iiat', 'exp', 'loginTs', 'signedInAt', 'authTime'] as const;

/** Translates a payload into the database's time, as a row keeps it. */
export function toRow(payload: Payload, { offsetSeconds }: DatabaseTime): Payload {
  return shifted(payload, -offsetSeconds);
}

/** Translates a row's payload into this process's time, which judges it. */
export function fromRow(payload: Payload, { offsetSeconds }: DatabaseTime): Payload {
  return shifted(payload, offsetSeconds);
}

function shifted(payload: Payload, seconds: number): Payload {
  if (seconds === 0) return payload;
  const times = TIMES.flatMap((name) => {
    const time = payload[name];
    return typeof time === 'number' ? [[name, time + seconds]] : [];
  });
  return { ...payload, ...Object.fromEntries(times), ...shiftedMethods(payload, seconds) };
}

/** How and when somebody signed in, which a session keeps as a list. */
function shiftedMethods({ methods }: Payload, seconds: number): { methods?: unknown[] } {
  if (!Array.isArray(methods)) return {};
  return {
    methods: methods.map((proof: { at: number; answeredAt?: number }) => ({
      ...proof,
      at: proof.at + seconds,
      ...(proof.answeredAt === undefined ? {} : { answeredAt: proof.answeredAt + seconds }),
    })),
  };
}
