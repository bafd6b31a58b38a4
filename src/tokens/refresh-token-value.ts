import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';

/** The content of a refresh token whose mac was verified. */
export interface RefreshTokenValue {
  /** 128 random bits that name the sign-in. */
  family: Buffer;
  sequence: number;
}

/**
 * Refresh tokens as text: `family.sequence.mac`. The mac is an HMAC-SHA-256 of issuer, client, family and sequence
 * under a key of the server. So the server recognizes every token that it issued without storing it, and refuses
 * others without asking the database. Several keys can be live: the first signs, all verify.
 */
export interface RefreshTokenCodec {
  newFamily(): RefreshTokenValue;
  encode(value: RefreshTokenValue, clientId: string): string;
  /** Undefined for a token that this server did not issue to this client. */
  decode(text: string, clientId: string): RefreshTokenValue | undefined;
}

const FORMAT = /^([A-Za-z0-9_-]{22})\.(0|[1-9]\d{0,9})\.([A-Za-z0-9_-]{43})$/;
const MAX_SEQUENCE = 2 ** 31 - 2;

export function createRefreshTokenCodec({
  keys,
  issuer,
}: {
  keys: readonly string[];
  issuer: string;
}): RefreshTokenCodec {
  const macKeys = keys.map((key) => createSecretKey(key, 'utf8'));
  const [signingKey] = macKeys;
  if (!signingKey) throw new Error('REFRESH_TOKEN_KEYS is empty.');

  // The lengths come first, so that two different inputs never have the same bytes.
  const mac = (key: KeyObject, { family, sequence }: RefreshTokenValue, clientId: string) =>
    createHmac('sha256', key)
      .update(`refresh-token:${issuer.length}:${issuer}:${clientId.length}:${clientId}:${sequence}:`)
      .update(family)
      .digest();

  return {
    newFamily: () => ({ family: randomBytes(16), sequence: 0 }),

    encode(value, clientId) {
      return `${value.family.toString('base64url')}.${value.sequence}.${mac(signingKey, value, clientId).toString('base64url')}`;
    },

    decode(text, clientId) {
      const [, family = '', sequence = '', presentedMac = ''] = FORMAT.exec(text) ?? [];
      const value = { family: Buffer.from(family, 'base64url'), sequence: Number(sequence) };
      if (value.family.length !== 16 || value.sequence > MAX_SEQUENCE) return undefined;
      const presented = Buffer.from(presentedMac, 'base64url');
      // The last characters of both have spare bits. Only the spelling that we issue counts.
      if (value.family.toString('base64url') !== family || presented.toString('base64url') !== presentedMac)
        return undefined;
      return macKeys.some((key) => timingSafeEqual(mac(key, value, clientId), presented)) ? value : undefined;
    },
  };
}
