import type { Tried } from '../../authentication/upstream/try-provider.ts';
import { REASONS } from '../../refusals/reasons.ts';
import type { Finding, Outcome } from '../doctor/finding.ts';

/** The outcome of a step, with the words of its reason. */
export function outcomeOf({ step, facts, why }: Tried, id: string): Outcome {
  return { check: step, facts, findings: why ? [findingOf(why, id)] : [] };
}

/** The words of a reason, with its values. `id`: the instance. */
export function findingOf(
  { reason, came = {}, expected = {} }: NonNullable<Tried['why']>,
  id: string,
): Finding {
  const { sentence, remedy } = REASONS[reason];
  const values = [
    ...Object.entries(came).map(([name, value]) => `${name} ${[value].flat().join(' ')} came`),
    ...Object.entries(expected).map(([name, value]) => `${name} ${[value].flat().join(' ')} was expected`),
  ];
  return {
    name: reason,
    sentence: values.length === 0 ? sentence : `${sentence.replace(/\.$/, '')}: ${values.join('; ')}.`,
    remedy: remedy.replaceAll('<instance id>', id).replaceAll(/\binstance test ID\b/g, `instance test ${id}`),
  };
}
