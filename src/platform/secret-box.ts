import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { OperatorError } from './errors.ts';

const PREFIX = 'sealed:v1';

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

export function createSecretBox(keys: readonly Buffer[]): SecretBox {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [first] = byId;
  if (!first) throw new OperatorError('KEY_ENCRYPTION_KEY is empty.');
  const [firstId, firstKey] = first;

  return {
    seal(plaintext, context) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', firstKey, nonce).setAAD(Buffer.from(context));
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
        const decipher = createDecipheriv('aes-256-gcm', key, nonce)
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
  const [name, version, id, nonce, ciphertext, tag] = sealed.split(':');
  if (`${name}:${version}` !== PREFIX || !id || !nonce || ciphertext === undefined || !tag) {
    throw new OperatorError(`${context} is not a sealed value; make one with: npm run cli -- seal`);
  }
  return {
    id,
    nonce: Buffer.from(nonce, 'base64url'),
    ciphertext: Buffer.from(ciphertext, 'base64url'),
    tag: Buffer.from(tag, 'base64url'),
  };
}
