import { bindingOf, confirmationOf } from '../clients/proofs/confirmation.ts';
import type { UsedProofStore } from '../clients/proofs/used-proof-store.ts';
import { requireParameters } from '../clients/single-parameters.ts';
import type { DeviceCodeStore, PolledDeviceCode } from '../grants/device-code-store.ts';
import type { GrantStore } from '../grants/grant-store.ts';
import { epochSeconds } from '../platform/time/clock.ts';
import { shown, timesOf } from '../refusals/shown.ts';
import { invalidGrant, TokenError } from './errors.ts';
import { type IssueDependencies, issueFirstTokens, signersFor } from './issue-tokens.ts';
import { requireProof } from './proof-of-possession.ts';
import type { RefreshTokenCodec } from './refresh-token-value.ts';
import type { TokenAnswer, TokenRequest } from './token-request.ts';

/** RFC 8628 section 3.4. */
export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export interface DeviceCodeDependencies extends IssueDependencies {
  deviceCodes: DeviceCodeStore;
  codec: RefreshTokenCodec;
  grants: GrantStore;
  usedProofs: UsedProofStore;
}

/** The five seconds of RFC 8628 section 3.2, minus the variation of travel time between two requests. */
const POLL_EVERY_SECONDS = 4;

const NOT_VALID = 'Device code is not valid';
const UNKNOWN = { reason: 'device_code.not_valid' } as const;

/**
 * Answers a device that asks whether its person has decided (RFC 8628 section 3.4). One statement reads the code and
 * notes that the device asked; once the person has approved, another one marks the code used and begins the refresh
 * tokens. A device that has to wait uses up no proof.
 * @throws OAuthError that says why there are no tokens.
 */
export async function redeemDeviceCode(
  request: TokenRequest,
  d: DeviceCodeDependencies,
): Promise<TokenAnswer> {
  const { client, proof } = request;
  const { device_code: code } = requireParameters(request.parameters, 'device_code');
  const signers = signersFor(client, d.keyRing);
  refuseUnready(await poll(code, request, d), request, d);

  const family = d.codec.newFamily();
  const redemption = {
    ...{ client, code, family: family.family, proof, jkt: proof?.jkt, now: d.clock.now() },
    binding: bindingOf(confirmationOf(client, request)),
  };
  const authorization = (await d.deviceCodes.redeem(redemption)) ?? (await refuse(code, request, d));
  return issueFirstTokens(request, { authorization, signers, family }, d);
}

/** Reads the code. A used code ends its tokens (RFC 6749 section 4.1.2, as for authorization codes). */
async function poll(
  code: string,
  { client, note, origin }: TokenRequest,
  { deviceCodes, grants }: DeviceCodeDependencies,
): Promise<PolledDeviceCode> {
  const polled = await deviceCodes.poll(code, { clientId: client.id, everySeconds: POLL_EVERY_SECONDS });
  if (!polled) throw invalidGrant(NOT_VALID, UNKNOWN, 'unknown, or of another client');
  if (polled.grant) note({ person: String(polled.payload.accountId), grant: polled.grant.id });
  if (polled.consumed) {
    if (polled.grant) await grants.revoke(polled.grant.id, { event: 'device_code.reused', origin: origin() });
    throw invalidGrant('Device code already used: its sign-in was ended', {
      reason: 'device_code.used_before',
    });
  }
  return polled;
}

function refuseUnready(
  { payload, decided, inTime, grant }: PolledDeviceCode,
  request: TokenRequest,
  { clock }: DeviceCodeDependencies,
): void {
  if (Number(payload.exp) <= epochSeconds(clock))
    throw new TokenError('expired_token', 'Device code expired', {
      why: { reason: 'device_code.expired', ...timesOf({ expired_at: payload.exp }, clock.now()) },
    });
  if (!decided && !inTime)
    throw new TokenError(
      'slow_down',
      'you are polling too quickly and should back off at a reasonable rate',
      {
        why: { reason: 'device_code.asked_too_soon' },
      },
    );
  if (request.proofError) throw request.proofError;
  if (!decided)
    throw new TokenError(
      'authorization_pending',
      "authorization request is still pending as the end-user hasn't yet completed the user interaction steps",
      { why: { reason: 'device_code.pending' } },
    );
  if (payload.error)
    throw new TokenError(String(payload.error), String(payload.errorDescription), {
      why: { reason: 'device_code.denied', came: { error: shown(payload.error) } },
    });
  if (!grant) throw invalidGrant(NOT_VALID, UNKNOWN, 'its sign-in was ended');
  if (grant.person?.instanceId !== request.client.instanceId)
    throw invalidGrant('The person who signed in may not do so any more', { reason: 'person.gone' });
}

/** Nothing was redeemed: another request came first, the proof was used before, or the grant ended meanwhile. */
async function refuse(code: string, request: TokenRequest, d: DeviceCodeDependencies): Promise<never> {
  refuseUnready(await poll(code, request, d), request, d);
  await requireProof(request, d);
  throw invalidGrant(NOT_VALID, UNKNOWN, 'another request came first');
}
