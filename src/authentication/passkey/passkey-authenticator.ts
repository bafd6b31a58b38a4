import { generateKeyPairSync } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { Origin } from '../../audit/record.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { passkeyBuckets } from '../guesses/buckets.ts';
import type { Guesses } from '../guesses/guesses.ts';
import { challengeOf, readAnswer } from './answer.ts';
import { type ChallengeBinding, createChallenges } from './challenge.ts';
import type { Passkey, PasskeyStore, StoredPasskey } from './passkey-store.ts';
import { type Refused, refused, refusedByLibrary } from './refusal.ts';
import type { RelyingParty } from './relying-party.ts';
import { userHandleOf } from './user-handle.ts';

/** Lets people sign in with a passkey (WebAuthn section 7.2). The device always has to verify its user. */
export interface PasskeyAuthenticator {
  /** For the browser. Without `passkeys`, it offers all those of this host that it has. */
  options(
    binding: ChallengeBinding,
    more: { expiresAt: number; passkeys?: readonly Passkey[] },
  ): PublicKeyCredentialRequestOptionsJSON;
  /**
   * Judges the browser's answer, as it came in a form. A passkey that nobody here has takes the same time as a wrong
   * answer, and gets the same.
   * @throws HttpError 429 after too many failures of an address, or of the person whose second factor this is.
   */
  signIn(attempt: {
    instanceId: string;
    binding: ChallengeBinding;
    answer: string;
    /** That of the limit. */
    address: string;
    /** The id of the browser, if it is known to this person. */
    browserOf(personId: string): string | undefined;
    origin: Origin;
  }): Promise<PasskeyResult>;
}

/** `factor` names the passkey in a proof (`has_factors`). */
export type PasskeyResult = { outcome: 'accepted'; personId: string; factor: string } | Refused;

export function createPasskeyAuthenticator({
  relyingParty,
  passkeys,
  guesses,
  failuresPerMinute,
  keys,
  clock,
}: {
  relyingParty: RelyingParty;
  passkeys: PasskeyStore;
  guesses: Guesses;
  failuresPerMinute: number;
  /** They sign the challenges. */
  keys: readonly string[];
  clock: Clock;
}): PasskeyAuthenticator {
  const challenges = createChallenges(keys, clock);
  const nobodysKey = publicKeyOfNobody();

  const judge = async ({ answer, credentialId, found, binding, origin }: Judged): Promise<PasskeyResult> => {
    const challenge = challengeOf(answer, binding, challenges);
    if (!challenge) return refused('not_accepted', 'the challenge is not one of this page');
    if (challenge.expired) return refused('expired', 'the challenge has expired');
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    const verified = await verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: challenge.value,
      expectedOrigin: relyingParty.origin,
      expectedRPID: relyingParty.id,
      // The statement that accepts the answer compares the counter.
      credential: { id: answer.id, publicKey: new Uint8Array(found?.publicKey ?? nobodysKey), counter: 0 },
      requireUserVerification: true,
    }).catch((error: unknown) => refusedByLibrary(error, found?.personId));
    if ('outcome' in verified) return verified;

    if (!found) return refused('not_accepted', 'nobody of this instance has this passkey');
    const { personId } = found;
    if (!verified.verified) return refused('not_accepted', 'the signature is wrong', personId);
    if (!isOwner(answer.response.userHandle, personId, binding))
      return refused('not_accepted', 'the passkey belongs to another person', personId);
    if (found.disabled) return refused('not_accepted', 'the person is disabled', personId);

    const { newCounter, credentialBackedUp } = verified.authenticationInfo;
    const outcome = await passkeys.use({
      credentialId,
      counter: newCounter,
      backedUp: credentialBackedUp,
      challenge,
      origin,
    });
    return outcome === 'accepted'
      ? { outcome, personId, factor: factorOf(credentialId) }
      : refused('not_accepted', WHY_NOT[outcome], personId);
  };

  return {
    // The library would make the same. It is not loaded for a page that everybody sees.
    options: (binding, { expiresAt, passkeys: offered = [] }) => ({
      challenge: challenges.create(binding, expiresAt),
      rpId: relyingParty.id,
      allowCredentials: offered.map(descriptorOf),
      userVerification: 'required',
    }),

    async signIn({ instanceId, binding, answer: text, address, browserOf, origin }) {
      const answer = readAnswer<AuthenticationResponseJSON>(text);
      if (!answer) return refused('no_answer', 'the form has no answer of a passkey');
      const credentialId = Buffer.from(answer.id, 'base64url');
      const found = await passkeys.find(credentialId, instanceId);
      const { personId } = binding;
      const owner = personId ?? found?.personId;
      const browser = owner === undefined ? undefined : browserOf(owner);
      return guesses.judge<PasskeyResult>({
        buckets: passkeyBuckets({ address, personId, browser }, failuresPerMinute),
        evaluate: () => judge({ answer, credentialId, found, binding, origin }),
        isRight: ({ outcome }) => outcome === 'accepted',
      });
    },
  };
}

interface Judged {
  answer: AuthenticationResponseJSON;
  credentialId: Buffer;
  found: StoredPasskey | undefined;
  binding: ChallengeBinding;
  origin: Origin;
}

const WHY_NOT = {
  challenge_used: 'the challenge was used before',
  counter_went_back: 'the counter of the passkey went back, so a copy of it may be in use',
  gone: 'the passkey was removed, or the person was disabled',
};

export function factorOf(credentialId: Buffer): string {
  return `passkey:${credentialId.toString('hex')}`;
}

/** How a browser finds a passkey. */
export function descriptorOf({ credentialId, transports }: Pick<Passkey, 'credentialId' | 'transports'>) {
  return {
    id: credentialId.toString('base64url'),
    type: 'public-key' as const,
    transports: [...transports] as ('internal' | 'hybrid' | 'usb' | 'nfc' | 'ble')[],
  };
}

/** A device may leave the owner out only where it was asked for the passkeys of one person (WebAuthn 7.2, step 6). */
function isOwner(userHandle: string | undefined, personId: string, binding: ChallengeBinding): boolean {
  if (binding.personId !== undefined && binding.personId !== personId) return false;
  if (!userHandle) return binding.personId !== undefined;
  return userHandle === userHandleOf(personId).toString('base64url');
}

/** A key in COSE form, for passkeys that nobody has. */
function publicKeyOfNobody(): Buffer {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
}
