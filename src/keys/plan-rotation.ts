import type { SigningKey } from './signing-key.ts';

/** The lifetimes of keys, in seconds. */
export interface RotationPolicy {
  /** How long a key signs. */
  periodSeconds: number;
  /** How long the next key is published before it signs: longer than the caches of all verifiers and replicas. */
  publicationSeconds: number;
  /** How long a retired key is published: longer than the longest-lived token that it signed. */
  retirementSeconds: number;
}

export type RotationStep =
  | { action: 'create'; state: 'current'; promoteAfter: undefined }
  | { action: 'create'; state: 'next'; promoteAfter: Date }
  | { action: 'promote'; kid: string }
  | { action: 'retire'; kid: string }
  | { action: 'remove'; kid: string };

/**
 * The steps that are due now for the keys of one set and algorithm, in order. With `force`, the next key is made now,
 * whatever the schedule says; it still waits for its publication time before it signs.
 */
export function planRotation(
  keys: readonly SigningKey[],
  policy: RotationPolicy,
  now: Date,
  { force = false } = {},
): RotationStep[] {
  const current = keys.find(({ state }) => state === 'current');
  const next = keys.find(({ state }) => state === 'next');
  const after = (date: Date | undefined, seconds: number) =>
    new Date((date ?? now).getTime() + seconds * 1000);
  const steps: RotationStep[] = [];

  if (!current && !next) {
    steps.push({ action: 'create', state: 'current', promoteAfter: undefined });
  } else if (next && (!current || (next.promoteAfter && next.promoteAfter <= now))) {
    if (current) steps.push({ action: 'retire', kid: current.kid });
    steps.push({ action: 'promote', kid: next.kid });
  } else if (
    !next &&
    (force || after(current?.activatedAt, policy.periodSeconds - policy.publicationSeconds) <= now)
  ) {
    steps.push({ action: 'create', state: 'next', promoteAfter: after(now, policy.publicationSeconds) });
  }
  for (const { kid, state, retiredAt } of keys) {
    if (state === 'retired' && after(retiredAt, policy.retirementSeconds) <= now)
      steps.push({ action: 'remove', kid });
  }
  return steps;
}
