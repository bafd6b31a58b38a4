import type { IDToken } from 'openid-client';
import type { PersonStore } from '../../accounts/person-store.ts';
import type { Origin } from '../../audit/record.ts';
import type { UpstreamProvider } from '../../instances/instance.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { shown, shownAddress } from '../../refusals/shown.ts';
import type { SignInResult } from '../sign-in-result.ts';
import { methodsFrom } from './upstream-methods.ts';
import { profileFrom } from './upstream-profile.ts';

const MAX_SUBJECT_LENGTH = 255;

/**
 * Finds or creates the person of a verified ID token, by issuer and subject. E-mail addresses do not count: one can
 * change hands, and anybody may claim one upstream. `claims` may have more of the person than the token has. If they are
 * not `complete`, they take nothing away from a person.
 */
export async function identifyPerson(
  people: PersonStore,
  provider: UpstreamProvider,
  {
    idToken,
    claims,
    complete,
    origin,
  }: { idToken: IDToken; claims: Readonly<Record<string, unknown>>; complete: boolean; origin: Origin },
): Promise<SignInResult> {
  const why = whyNotOf(provider, idToken);
  if (why) return { outcome: 'refused', reason: 'upstream_invalid', why };
  const identity = { instanceId: provider.instanceId, issuer: idToken.iss, subject: idToken.sub };
  const profile = profileFrom(claims, provider.claimMapping);
  const known = await people.findByUpstreamIdentity(identity);
  if (known) {
    if (known.disabled)
      return {
        outcome: 'refused',
        reason: 'disabled',
        personId: known.id,
        why: { reason: 'upstream.person_disabled' },
      };
    await people.updateFromUpstream(known.id, profile, { complete, origin });
    return { ...signedIn(known.id, provider, idToken), factors: known.factors };
  }
  if (provider.firstSignIn === 'refuse')
    return { outcome: 'refused', reason: 'unknown_person', why: { reason: 'upstream.person_unknown' } };
  return signedIn(await people.createFromUpstream(identity, profile, origin), provider, idToken);
}

function signedIn(
  personId: string,
  { passAmr }: UpstreamProvider,
  { auth_time, amr }: IDToken,
): Extract<SignInResult, { outcome: 'signed_in' }> {
  return {
    outcome: 'signed_in',
    personId,
    authenticatedAt: auth_time && Math.floor(auth_time),
    amr: passAmr ? methodsFrom(amr) : undefined,
  };
}

/**
 * Why the claims name no person of this provider. Text that is not well-formed is stored as other text, and so could
 * name somebody else.
 *
 * Some providers serve many tenants at one address, and the library accepts the tokens of all. An instance has one
 * issuer.
 */
function whyNotOf(provider: UpstreamProvider, { iss, sub, azp }: IDToken): Refusal | undefined {
  if (URL.parse(iss)?.href !== new URL(provider.issuer).href)
    return {
      reason: 'upstream.claim_wrong',
      came: { claim: 'iss', iss: shownAddress(iss) },
      expected: { iss: provider.issuer },
    };
  // OIDC Core 3.1.3.7, item 5. The library looks at it only beside several audiences.
  if (azp !== undefined && azp !== provider.clientId)
    return {
      reason: 'upstream.claim_wrong',
      came: { claim: 'azp', azp: shown(azp) },
      expected: { azp: provider.clientId },
    };
  const isUsable =
    sub !== '' && sub.isWellFormed() && sub.length <= MAX_SUBJECT_LENGTH && !sub.includes('\0');
  return isUsable ? undefined : { reason: 'upstream.sub_unusable' };
}
