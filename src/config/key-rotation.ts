import type { RotationPolicy } from '../keys/plan-rotation.ts';
import type { Variables } from './variables.ts';

export interface KeyRotationSettings extends RotationPolicy {
  /** How often a process checks whether a step is due. */
  checkMs: number;
}

const DAY = 24 * 60 * 60;

/** The bits of a new RSA key. */
export function readRsaBits(variables: Variables): number {
  return Number(variables.oneOf('RSA_KEY_BITS', ['2048', '3072'], '2048'));
}

/**
 * Notes mistakes in `variables`. The settings are in seconds, so that a test can shorten them. By default a key is
 * published for a day before it signs, and afterwards for longer than any token lives (at most a day, see clients).
 */
export function readKeyRotation(variables: Variables): KeyRotationSettings {
  const seconds = (name: string, fallback: number) =>
    variables.wholeNumber(name, { fallback, low: 1, high: 3650 * DAY });
  const periodSeconds = seconds('KEY_PERIOD_SECONDS', 90 * DAY);
  const publicationSeconds = seconds('KEY_PUBLICATION_SECONDS', DAY);
  if (publicationSeconds >= periodSeconds) {
    variables.mistakes.push(
      'KEY_PUBLICATION_SECONDS must be less than KEY_PERIOD_SECONDS: a key is published before the one in use ends.',
    );
  }
  return {
    periodSeconds,
    publicationSeconds,
    retirementSeconds: seconds('KEY_RETIREMENT_SECONDS', DAY + 60 * 60),
    checkMs: Math.min(60_000, publicationSeconds * 250),
  };
}
