import type { Values } from '../../platform/errors.ts';
import { type Explanation, explain } from '../../refusals/explain/explanation.ts';
import type { NearestValue } from '../../refusals/explain/nearest-value.ts';
import type { RecordedRefusal } from '../../refusals/explain/refusal-store.ts';
import type { Row } from '../registered/registered-store.ts';

/** The explanation for an operator, and whose request it was. */
export type Explained = Explanation &
  Pick<RecordedRefusal, 'service' | 'client_id' | 'client_is' | 'instance_id'>;

export function explained(row: RecordedRefusal): Explained {
  const { service, client_id, client_is, instance_id } = row;
  return { ...explain(row, { reader: 'operator' }), service, client_id, client_is, instance_id };
}

/** A line for each fact, and for each value that came or was expected. */
export function inLines({ came, expected, nearest, ...facts }: Explained): Row {
  const { request_id, at, service, endpoint, status, error, reason, sentence, remedy, ...whose } = facts;
  return {
    ...{ request_id, at, service, endpoint, status, error },
    ...whose,
    reason,
    ...named('came', came),
    ...named('expected', expected),
    ...Object.fromEntries(
      Object.entries(nearest).map(([name, near]) => [`nearest ${name}`, nearestInWords(near)]),
    ),
    why: sentence,
    remedy,
  };
}

function named(word: string, values: Values): Row {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${word} ${name}`, value]));
}

function nearestInWords({ value, differs }: NearestValue): string {
  return differs.length === 0 ? value : `${value} (another ${differs.join(', another ')})`;
}
