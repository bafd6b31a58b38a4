import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';

/** A browser with a device that keeps one passkey (WebAuthn section 6). A test bends what it says. */
export interface SoftwareAuthenticator {
  create(options: PublicKeyCredentialCreationOptionsJSON, bent?: BentCreation): RegistrationResponseJSON;
  get(
    options: Pick<PublicKeyCredentialRequestOptionsJSON, 'challenge'>,
    bent?: Bent,
  ): AuthenticationResponseJSON;
  /** Its passkey's id. */
  readonly id: string;
  /** Its passkey, for a virtual device of Chromium. */
  export(): ExportedPasskey;
}

export interface ExportedPasskey {
  credentialId: string;
  /** PKCS #8, in base64. */
  privateKey: string;
  userHandle: string;
}

export interface Bent {
  origin?: string;
  rpId?: string;
  userVerified?: boolean;
  counter?: number;
  userHandle?: string | undefined;
  type?: string;
  crossOrigin?: boolean;
  /** Changes the signature. */
  spoilt?: boolean;
}

export interface BentCreation extends Omit<Bent, 'userHandle' | 'spoilt'> {
  attestation?: string;
  aaguid?: string;
  transports?: string[];
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const WITH_CREDENTIAL = 0x40;
const NOBODYS = '00000000-0000-0000-0000-000000000000';

export function softwareAuthenticator({ origin }: { origin: string }): SoftwareAuthenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const credentialId = randomBytes(32);
  const id = credentialId.toString('base64url');
  const host = new URL(origin).hostname;
  let owner: string | undefined;

  const authenticatorData = (
    { rpId = host, userVerified = true, counter = 0 }: Bent,
    credential = Buffer.alloc(0),
  ) => {
    const flags =
      USER_PRESENT |
      (userVerified ? USER_VERIFIED : 0) |
      BACKUP_ELIGIBLE |
      BACKED_UP |
      (credential.length > 0 ? WITH_CREDENTIAL : 0);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([hash('sha256', rpId, 'buffer'), Buffer.from([flags]), count, credential]);
  };
  const clientData = (challenge: string, usual: string, bent: Bent) =>
    Buffer.from(
      JSON.stringify({
        type: bent.type ?? usual,
        challenge,
        origin: bent.origin ?? origin,
        crossOrigin: bent.crossOrigin ?? false,
      }),
    );

  return {
    id,
    export: () => ({
      credentialId: credentialId.toString('base64'),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
      userHandle: Buffer.from(owner ?? '', 'base64url').toString('base64'),
    }),
    create(options, bent = {}) {
      owner = options.user.id;
      const { attestation = 'none', aaguid = NOBODYS, transports = ['internal'] } = bent;
      const credential = Buffer.concat([
        Buffer.from(aaguid.replaceAll('-', ''), 'hex'),
        Buffer.from([0, credentialId.length]),
        credentialId,
        coseKey(publicKey),
      ]);
      const attestationObject = Buffer.concat([
        Buffer.from('a3', 'hex'),
        text('fmt'),
        text(attestation),
        text('attStmt'),
        Buffer.from('a0', 'hex'),
        text('authData'),
        bytes(authenticatorData(bent, credential)),
      ]);
      return {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData(options.challenge, 'webauthn.create', bent).toString('base64url'),
          attestationObject: attestationObject.toString('base64url'),
          transports: transports as never,
        },
      };
    },

    get({ challenge }, bent = {}) {
      const data = authenticatorData(bent);
      const client = clientData(challenge, 'webauthn.get', bent);
      const signature = sign('sha256', Buffer.concat([data, hash('sha256', client, 'buffer')]), privateKey);
      if (bent.spoilt) signature.set([(signature.at(-1) ?? 0) ^ 1], signature.length - 1);
      const userHandle = 'userHandle' in bent ? bent.userHandle : owner;
      return {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: signature.toString('base64url'),
          ...(userHandle === undefined ? {} : { userHandle }),
        },
      };
    },
  };
}

/** An ES256 key in COSE form (RFC 9053 section 7.1.1). */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from('a50102032620012158', 'hex'),
    Buffer.from([32]),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
}

/** A short text string in CBOR (RFC 8949). */
function text(value: string): Buffer {
  const length = Buffer.byteLength(value);
  const head = length < 24 ? [0x60 + length] : [0x78, length];
  return Buffer.concat([Buffer.from(head), Buffer.from(value)]);
}

/** A byte string in CBOR of up to 65535 bytes. */
function bytes(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x59, value.length >> 8, value.length & 0xff]), value]);
}
