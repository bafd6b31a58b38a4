import { argon2, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const argon2Async = promisify(argon2);

/** The cost of hashing a password. */
export interface PasswordCost {
  memoryKib: number;
  iterations: number;
  parallelism: number;
}

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. */
export const DEFAULT_COST: PasswordCost = { memoryKib: 19_456, iterations: 2, parallelism: 1 };

const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Hashes a password with argon2id and a fresh salt, in PHC string form. */
export async function hashPassword(password: string, cost: PasswordCost = DEFAULT_COST): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await argon2Async('argon2id', {
    message: normalized(password),
    nonce,
    memory: cost.memoryKib,
    passes: cost.iterations,
    parallelism: cost.parallelism,
    tagLength: TAG_BYTES,
  });
  return `$argon2id$v=19$${parametersOf(cost)}$${unpadded(nonce)}$${unpadded(tag)}`;
}

/** The parameters as a hash names them. */
export function parametersOf({ memoryKib, iterations, parallelism }: PasswordCost): string {
  return `m=${memoryKib},t=${iterations},p=${parallelism}`;
}

/** The cost that these parameters name. */
export function costOf(parameters: string): PasswordCost {
  const [, memory, passes, parallelism] = /^m=(\d+),t=(\d+),p=(\d+)$/.exec(parameters) ?? [];
  return { memoryKib: Number(memory), iterations: Number(passes), parallelism: Number(parallelism) };
}

/** The parameters of a hash in PHC string form. */
export function parametersIn(passwordHash: string): string {
  return passwordHash.split('$')[3] ?? '';
}

/** True when `passwordHash` was made from `password`. */
export async function verifyPassword(password: string, passwordHash: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(passwordHash) ?? [];
  const expected = Buffer.from(tag, 'base64');
  const actual = await argon2Async('argon2id', {
    message: normalized(password),
    nonce: Buffer.from(salt, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  });
  return timingSafeEqual(actual, expected);
}

/** The digest of a secret that this server made: 256 random bits need no slow hash. */
export function digestSecret(secret: string): string {
  return `sha256:${hash('sha256', secret, 'hex')}`;
}

/**
 * True when `digest` was made from `secret`. `sha256:` marks secrets that this server made; `argon2id:` marks secrets
 * brought from elsewhere, which may be short.
 */
export async function verifySecret(secret: string, digest: string): Promise<boolean> {
  if (isSlow(digest)) return verifyPassword(secret, digest.slice('argon2id:'.length));
  return timingSafeEqual(Buffer.from(digestSecret(secret)), Buffer.from(digest));
}

/** Whether comparing with this digest is slow, as for a secret that somebody could guess. */
export function isSlow(digest: string): boolean {
  return digest.startsWith('argon2id:');
}

/** The stored form of an id with at least 128 random bits. A plain hash suffices, because nobody can guess the id. */
export function hashId(id: string): Buffer {
  return hash('sha256', id, 'buffer');
}

/** A new client secret: 256 random bits. */
export function generateSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Keyboards may encode the same é as one code point or as two (RFC 8265 section 4.2.1 normalizes to NFC). */
function normalized(password: string): string {
  return password.normalize('NFC');
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
