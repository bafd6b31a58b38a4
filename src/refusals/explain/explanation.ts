import type { Values } from '../../platform/errors.ts';
import type { ReasonText } from '../reason-text.ts';
import { REASONS } from '../reasons.ts';
import { type NearestValue, nearestValue } from './nearest-value.ts';
import type { RecordedRefusal } from './refusal-store.ts';

/** Why a request was refused, in words: the JSON of the endpoints that explain, and of the commands. */
export interface Explanation {
  request_id: string;
  at: string;
  endpoint: string;
  status: number;
  error: string;
  /** The name of the reason; null where only the error is known. */
  reason: string | null;
  sentence: string;
  remedy: string;
  came: Values;
  expected: Values;
  /** By the name of a value that came: the registered one that it most resembles. */
  nearest: Readonly<Record<string, NearestValue>>;
}

/** Whether a client's developer reads, or who runs this server and may know of all clients. */
export type ReadBy = 'client' | 'operator';

/** Explains a refusal. It needs the row alone. */
export function explain(
  row: Pick<
    RecordedRefusal,
    'request_id' | 'at' | 'endpoint' | 'status' | 'error' | 'reason' | 'came' | 'expected'
  >,
  { reader }: { reader: ReadBy },
): Explanation {
  const { request_id, at, endpoint, status, error } = row;
  const told = reader === 'client' ? forClient(row) : row;
  const { reason, came, expected } = told;
  return {
    request_id,
    at: at.toISOString(),
    endpoint,
    status,
    error,
    reason,
    ...textOf(reason, error),
    came,
    expected,
    nearest: nearestOf(came, expected),
  };
}

/** A reason that would tell of others is told as another one, and without its values. */
function forClient<Told extends { reason: string | null; came: Values; expected: Values }>(row: Told) {
  const clientReads = knownReason(row.reason)?.clientReads;
  return clientReads === undefined ? row : { reason: clientReads, came: {}, expected: {} };
}

const KNOWN: ReadonlyMap<string, ReasonText> = new Map(Object.entries(REASONS));

function knownReason(name: string | null): ReasonText | undefined {
  return name === null ? undefined : KNOWN.get(name);
}

function textOf(reason: string | null, error: string): Pick<Explanation, 'sentence' | 'remedy'> {
  const text = knownReason(reason);
  if (text) return { sentence: text.sentence, remedy: text.remedy };
  if (reason !== null)
    return {
      sentence: `A newer release of this server refused the request for the reason ${reason}.`,
      remedy: 'Ask a process, or the command line, of that release.',
    };
  return {
    sentence: `The request was refused with the error ${error}.`,
    remedy:
      'The error_description of the answer says more. So does the log of the server, in the line with this request id.',
  };
}

/** In a list, the first value counts that is not registered and resembles one that is. */
function nearestOf(came: Values, expected: Values): Explanation['nearest'] {
  const found = Object.entries(came).flatMap(([name, value]) => {
    const registered = [expected[name] ?? []].flat();
    const others = [value].flat().filter((text) => !registered.includes(text));
    const [nearest] = others.flatMap((text) => nearestValue(text, registered) ?? []);
    return nearest ? [[name, nearest] as const] : [];
  });
  return Object.fromEntries(found);
}
