import type { Wanted } from '../../authentication/steps.ts';
import { ACR } from '../../tokens/claims/sign-in-claims.ts';
import { requestedClaims } from './requested-claims.ts';

const KNOWN: readonly string[] = Object.values(ACR);

/** The `acr` that only our own account pages ask for (`authentication/steps.ts`). No ID token has it. */
export const STRONGEST = 'urn:listo:acr:strongest';

/**
 * Reads the wish for factors in a request: an essential `acr` must be reached (OpenID Connect Core section 5.5.1.1), and of
 * voluntary values the first one that we know is preferred (section 3.1.2.1).
 */
export function wantedFactors(params: Record<string, unknown>): Wanted {
  const { acr } = requestedClaims(params).id_token ?? {};
  const inClaims = acr?.values ?? (acr?.value === undefined ? undefined : [acr.value]);
  if (acr?.essential) {
    const reachable = (inClaims ?? KNOWN).filter((value) => KNOWN.includes(value));
    return reachable.includes(ACR.oneFactor) ? 'any' : 'required';
  }
  const values = inClaims ?? String(params.acr_values ?? '').split(' ');
  const first = values.find((value) => value === STRONGEST || KNOWN.includes(value));
  if (first === STRONGEST) return 'strongest';
  return first === ACR.twoFactors ? 'preferred' : 'any';
}
