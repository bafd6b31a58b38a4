import type {
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { Person } from '../../accounts/person.ts';
import type { Origin } from '../../audit/record.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { knownDevice } from '../device-in-words.ts';
import { newRecoveryCodes, spelledCode } from '../recovery-codes/recovery-code.ts';
import { challengeOf, readAnswer } from './answer.ts';
import { type ChallengeBinding, createChallenges } from './challenge.ts';
import { nameOf } from './names.ts';
import { descriptorOf, factorOf } from './passkey-authenticator.ts';
import type { PasskeyStore } from './passkey-store.ts';
import { type Refused, refused, refusedByLibrary } from './refusal.ts';
import type { RelyingParty } from './relying-party.ts';
import { userHandleOf } from './user-handle.ts';

/** Adds passkeys (WebAuthn section 7.1). The device has to verify its user, and to keep the passkey with its owner's name. */
export interface PasskeyRegistrar {
  /** For the browser. `uid` is that of the interaction or session whose page this is. */
  options(page: {
    person: Person;
    instanceName: string;
    uid: string;
  }): Promise<PublicKeyCredentialCreationOptionsJSON>;
  /** Judges the browser's answer, as it came in a form. */
  add(answer: {
    personId: string;
    uid: string;
    answer: string;
    /** The name that the browser gives itself. */
    userAgent: string | undefined;
    origin: Origin;
  }): Promise<AddResult>;
}

/** The recovery codes are shown this once. Undefined: the person has some already. */
export type AddResult =
  | { outcome: 'added'; name: string; factor: string; recoveryCodes: readonly string[] | undefined }
  | Refused;

/** A page may be open for this long. */
const LIFETIME_SECONDS = 10 * 60;

/** Ed25519, ES256 and RS256. */
const ALGORITHMS = [-8, -7, -257];

const TRANSPORTS = ['internal', 'hybrid', 'usb', 'nfc', 'ble', 'smart-card'];

export function createPasskeyRegistrar({
  relyingParty,
  passkeys,
  keys,
  clock,
}: {
  relyingParty: RelyingParty;
  passkeys: PasskeyStore;
  keys: readonly string[];
  clock: Clock;
}): PasskeyRegistrar {
  const challenges = createChallenges(keys, clock);
  const bindingOf = (uid: string, personId: string): ChallengeBinding => ({
    purpose: 'register',
    uid,
    personId,
  });

  return {
    async options({ person, instanceName, uid }) {
      const { generateRegistrationOptions } = await import('@simplewebauthn/server');
      const challenge = challenges.create(bindingOf(uid, person.id), epochSeconds(clock) + LIFETIME_SECONDS);
      return generateRegistrationOptions({
        rpID: relyingParty.id,
        rpName: instanceName,
        userID: new Uint8Array(userHandleOf(person.id)),
        userName: person.email ?? person.name ?? instanceName,
        userDisplayName: person.name ?? person.email ?? '',
        challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
        attestationType: 'none',
        excludeCredentials: (await passkeys.list(person.id)).map(descriptorOf),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      });
    },

    async add({ personId, uid, answer: text, userAgent, origin }) {
      const answer = readAnswer<RegistrationResponseJSON>(text);
      if (!answer) return refused('no_answer', 'the form has no passkey');
      const challenge = challengeOf(answer, bindingOf(uid, personId), challenges);
      if (!challenge) return refused('not_accepted', 'the challenge is not one of this page');
      if (challenge.expired) return refused('expired', 'the challenge has expired');
      const verified = await verify(answer, challenge.value, relyingParty).catch(refusedByLibrary);
      if ('outcome' in verified) return verified;
      if (!verified.verified) return refused('not_accepted', 'the attestation is wrong');

      const { credential, aaguid, credentialBackedUp } = verified.registrationInfo;
      const credentialId = Buffer.from(credential.id, 'base64url');
      const transports = TRANSPORTS.filter((transport) =>
        credential.transports?.includes(transport as never),
      );
      const taken = (await passkeys.list(personId)).map(({ name }) => name);
      const device = await knownDevice(userAgent);
      const name = nameOf({ aaguid, transports, device }, taken);
      const codes = newRecoveryCodes();
      const result = await passkeys.add(
        {
          credentialId,
          personId,
          publicKey: Buffer.from(credential.publicKey),
          counter: credential.counter,
          transports,
          aaguid,
          backedUp: credentialBackedUp,
          name,
        },
        { challenge, codes, origin },
      );
      switch (result.outcome) {
        case 'added': {
          const recoveryCodes = result.codesAdded ? codes.map(spelledCode) : undefined;
          return { outcome: 'added', name, factor: factorOf(credentialId), recoveryCodes };
        }
        case 'known':
        case 'many':
          return refused(result.outcome, `the passkey was not added: ${result.outcome}`);
        default:
          return refused('not_accepted', WHY_NOT[result.outcome]);
      }
    },
  };
}

const WHY_NOT = {
  challenge_used: 'the challenge was used before',
  gone: 'the person was disabled',
};

async function verify(answer: RegistrationResponseJSON, challenge: string, relyingParty: RelyingParty) {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  await checkAttestation(answer.response.attestationObject);
  return verifyRegistrationResponse({
    response: answer,
    expectedChallenge: challenge,
    expectedOrigin: relyingParty.origin,
    expectedRPID: relyingParty.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/**
 * No attestation is asked for. Browsers send none, or one by the passkey's own key. The library would look up the
 * certificates of any other at addresses that the sender chooses.
 */
async function checkAttestation(attestationObject: string): Promise<void> {
  const { decodeAttestationObject, isoBase64URL } = await import('@simplewebauthn/server/helpers');
  const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format = decoded.get('fmt');
  const isOwn = format === 'packed' && decoded.get('attStmt').get('x5c') === undefined;
  if (format !== 'none' && !isOwn) throw new Error(`the attestation ${format} was not asked for`);
}
