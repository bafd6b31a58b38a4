import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { OperatorError } from '../errors.ts';

const PREFIX = 'sealed:v1';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
/** Node would take a tag of four bytes as well, which can be guessed. */
const TAG_BYTES = 16;

/**
 * Seals values that must be readable again but worthless in a database dump: private keys, upstream secrets. The
 * cipher is AES-256-GCM under the operator's KEY_ENCRYPTION_KEY. The sealed text names its key, so several keys can
 * be live: the first one seals, all of them open. `context` binds a sealed text to its row, so that it cannot be
 * moved to another.
 */
export interface SecretBox {
  seal(plaintext: string, context: string): string;
  /** @throws OperatorError when no key opens it. */
  open(sealed: string, context: string): string;
  /** False when the value was sealed with a key that is no longer the first. */
  isCurrent(sealed: string): boolean;
}

/** A box for one purpose: its keys are derived, so what opens here opens nothing that another box sealed. */
export function createBoxFor(purpose: string, keys: readonly Buffer[]): SecretBox {
  return createSecretBox(keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', purpose, 32))));
}

export function createSecretBox(keys: readonly Buffer[]): SecretBox {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [first] = byId;
  if (!first) throw new OperatorError('KEY_ENCRYPTION_KEY is empty.');
  const [firstId, firstKey] = first;

  return {
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, firstKey, nonce).setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return [
        PREFIX,
        firstId,
        nonce.toString('base64url'),
        ciphertext.toString('base64url'),
        cipher.getAuthTag().toString('base64url'),
      ].join(':');
    },

    open(sealed, context) {
      const { id, nonce, ciphertext, tag } = parse(sealed, context);
      const key = byId.get(id);
      if (!key) {
        throw new OperatorError(
          `KEY_ENCRYPTION_KEY cannot open ${context}: it was sealed with the key ${id}, which is not among the configured ones (${[...byId.keys()].join(', ')}).`,
        );
      }
      try {
        const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(context))
          .setAuthTag(tag);
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new OperatorError(`${context} cannot be opened: it was altered or belongs to another place.`, {
          cause,
        });
      }
    },

    isCurrent: (sealed) => sealed.startsWith(`${PREFIX}:${firstId}:`),
  };
}

/** Names a key without revealing it: the start of its hash. */
function keyId(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

function parse(sealed: string, context: string) {
  const [name, version, id, nonce = '', ciphertext, tag = '', ...more] = sealed.split(':');
  const bytes = { nonce: Buffer.from(nonce, 'base64url'), tag: Buffer.from(tag, 'base64url') };
  if (
    `${name}:${version}` !== PREFIX ||
    !id ||
    ciphertext === undefined ||
    more.length > 0 ||
    bytes.nonce.length !== NONCE_BYTES ||
    bytes.tag.length !== TAG_BYTES
  ) {
    throw new OperatorError(`${context} is not a sealed value; make one with: npx listo seal`);
  }
  return {
    id,
    ...bytes,
    ciphertext: Buffer.from(ciphertext, 'base64url'),
  };
}
