import type { JWK } from 'jose';

/** Public keys of a client, as its registration or its own address has them. */
export interface KeySet {
  keys: readonly JWK[];
}

const MOST_CHARACTERS = 64 * 1024;
const MOST_KEYS = 50;
/** Members of private and symmetric keys (RFC 7518 section 6). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads a client's published keys (RFC 7517). Keys of a kind that this server does not use are left out (section 5),
 * and so is everything that it does not need to know.
 * @throws Error that says why no key is taken: a set with a secret one was published by mistake, and anybody may have it.
 */
export function readKeySet(text: string): KeySet {
  if (text.length > MOST_CHARACTERS)
    throw new Error(`the answer has more than ${MOST_CHARACTERS} characters`);
  const sent = keysIn(text);
  if (sent.length > MOST_KEYS) throw new Error(`the answer has more than ${MOST_KEYS} keys`);
  if (sent.some((key) => SECRET_MEMBERS.some((name) => name in key)))
    throw new Error('the answer has a private or symmetric key');
  const keys = sent.filter(isUsable).map(withoutTheRest);
  if (keys.length === 0) throw new Error('the answer has no key that can be used');
  return { keys };
}

function keysIn(text: string): Record<string, unknown>[] {
  const { keys } = Object(parsed(text)) as { keys?: unknown };
  const areObjects = Array.isArray(keys) && keys.every((key) => key !== null && typeof key === 'object');
  if (!areObjects) throw new Error('the answer is no JWK set');
  return keys;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON');
  }
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The kinds of `check_client_jwks`. A longer modulus or exponent would make each signature dear to verify. */
function isUsable({ kty, crv, n, e, x, y, use }: Record<string, unknown>): boolean {
  if (use !== undefined && use !== 'sig') return false;
  if (kty === 'RSA') return isText(n, 342, 1366) && isText(e, 1, 6);
  if (kty === 'EC') return crv === 'P-256' && isText(x, 43, 43) && isText(y, 43, 43);
  return kty === 'OKP' && crv === 'Ed25519' && isText(x, 43, 43);
}

function isText(value: unknown, shortest: number, longest: number): boolean {
  return (
    typeof value === 'string' && value.length >= shortest && value.length <= longest && BASE64URL.test(value)
  );
}

const MEMBERS = ['kty', 'crv', 'n', 'e', 'x', 'y'] as const;
const HINTS = ['kid', 'alg', 'use'] as const;

function withoutTheRest(key: Record<string, unknown>): JWK {
  const hints = HINTS.filter((name) => typeof key[name] === 'string');
  const kept = [...MEMBERS, ...hints].filter((name) => name in key).map((name) => [name, key[name]]);
  const [certificate] = Array.isArray(key.x5c) ? key.x5c : [];
  const x5c = typeof certificate === 'string' ? [['x5c', [certificate]]] : [];
  return Object.fromEntries([...kept, ...x5c]) as unknown as JWK;
}
