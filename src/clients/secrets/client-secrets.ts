import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createRecent } from '../../platform/copies/recent.ts';
import { withinShare } from '../../platform/postgres/share.ts';
import { digestSecret, isSlow, verifySecret } from '../../platform/secrets/digest.ts';
import type { HashQueue } from '../../platform/secrets/hash-queue.ts';
import { compareGuarded, comparisonLane } from '../../platform/secrets/slow-comparisons.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { ClientSecretStore, StoredSecret } from './client-secret-store.ts';

/** The columns for verifying. `expiresAt` is checked at each use; Postgres' `infinity` arrives as a number. */
export type KnownSecret = Pick<StoredSecret, 'name' | 'digest'> & { expiresAt: Date | number | null };

/** Whether a secret is right, and what is known of one that is not. */
export type SecretVerdict = { right: true } | { right: false; because: SecretFault | undefined };

/** It was right until then; or it would be right without the spaces around it, or without decoding it. */
export type SecretFault = { fault: 'expired'; name: string; at: Date } | { fault: 'spaces' | 'encoding' };

/** A secret that a client presents. */
export interface PresentedSecret {
  secret: string;
  /** The same before it was form-decoded, where it came in a header; or decoded, where it should not be encoded. */
  written?: string | undefined;
}

/** Verifies a presented client secret against all live ones. A client has several while one replaces another. */
export interface ClientSecrets {
  verify(clientId: string, presented: PresentedSecret): Promise<SecretVerdict>;
  /** Takes as long as `verify` with a wrong secret, for a client that has none or does not exist. */
  pretend(secret: string): Promise<void>;
}

const TOUCH_INTERVAL_MS = 60_000;

/** A secret without fast digests is compared with this. */
const NOBODY: KnownSecret = { name: '', digest: digestSecret(crypto.randomUUID()), expiresAt: null };

export function createClientSecrets({
  store,
  clock,
  hashes,
  onError,
}: {
  store: {
    list(clientId: string): readonly KnownSecret[] | Promise<readonly KnownSecret[]>;
    slowDigests(): readonly string[] | Promise<readonly string[]>;
    touch: ClientSecretStore['touch'];
  };
  clock: Clock;
  hashes: HashQueue;
  /** Called when uses could not be noted. Clients are served all the same. */
  onError(error: unknown): void;
}): ClientSecrets {
  const noteUse = createNotes({ touch: store.touch, onError });
  const proven = createProvenSecrets();

  /**
   * The expired ones, and others' digests, are compared for the time that it takes; an expired one also explains.
   * Every wrong secret costs as many slow hashes as one of the client with the most of them. So the time does not show
   * whether a client exists, nor what kind of secret it has.
   */
  const findMatch = async (
    presented: PresentedSecret,
    { live, expired }: { live: readonly KnownSecret[]; expired: readonly KnownSecret[] },
  ): Promise<{ match?: KnownSecret | undefined; because?: SecretFault | undefined }> => {
    const { secret } = presented;
    const fast = live.filter(({ digest }) => !isSlow(digest));
    const slow = live.filter(({ digest }) => isSlow(digest));
    const match = await compareAll(secret, fast.length > 0 ? fast : [NOBODY]);
    if (match) return { match };
    const over = expired.filter(({ digest }) => isSlow(digest));
    const others = (await store.slowDigests())
      .slice(slow.length + over.length)
      .map((digest) => ({ ...NOBODY, digest }));
    const found =
      slow.length + over.length + others.length === 0
        ? { match: undefined, other: undefined }
        : await hashes.run(comparisonLane(), () => compareAllGuarded(secret, slow, [...over, ...others]));
    if (found.match) return { match: found.match };
    const slowFault = over.includes(found.other as KnownSecret) ? expiredFault(found.other) : undefined;
    return { because: slowFault ?? (await faultOf(presented, { fast, expired })) };
  };

  return {
    async verify(clientId, presented) {
      const now = clock.now();
      const known = await store.list(clientId);
      const live = known.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
      const proved = live.find(({ digest }) => proven.has(presented.secret, digest));
      const expired = live.length < known.length ? known.filter((one) => !live.includes(one)) : [];
      const { match, because } = proved ? { match: proved } : await findMatch(presented, { live, expired });
      if (match === undefined) return { right: false, because };
      if (isSlow(match.digest)) proven.add(presented.secret, match.digest);
      noteUse(clientId, match.name);
      return RIGHT;
    },
    async pretend(secret) {
      await findMatch({ secret }, { live: [], expired: [] });
    },
  };
}

const RIGHT = { right: true } as const;

/** The mistakes that take no slow hash to find. */
async function faultOf(
  { secret, written = secret }: PresentedSecret,
  { fast, expired }: Record<'fast' | 'expired', readonly KnownSecret[]>,
): Promise<SecretFault | undefined> {
  const over = await compareAll(
    secret,
    expired.filter(({ digest }) => !isSlow(digest)),
  );
  if (over) return expiredFault(over);
  if (secret.trim() !== secret && (await compareAll(secret.trim(), fast))) return { fault: 'spaces' };
  return written !== secret && (await compareAll(written, fast)) ? { fault: 'encoding' } : undefined;
}

function expiredFault(known: KnownSecret | undefined): SecretFault | undefined {
  return known?.expiresAt instanceof Date
    ? { fault: 'expired', name: known.name, at: known.expiresAt }
    : undefined;
}

/** None of `others` is right: they are expired, or those of other clients, and take their time. */
async function compareAllGuarded(
  secret: string,
  slow: readonly KnownSecret[],
  others: readonly KnownSecret[],
): Promise<Record<'match' | 'other', KnownSecret | undefined>> {
  let match: KnownSecret | undefined;
  let other: KnownSecret | undefined;
  await compareGuarded(async () => {
    match = await compareAll(secret, slow);
    if (!match) other = await compareAll(secret, others);
    return match !== undefined;
  });
  return { match, other };
}

/** Compares all, so that the time does not reveal which one matched. */
async function compareAll(secret: string, live: readonly KnownSecret[]): Promise<KnownSecret | undefined> {
  let match: KnownSecret | undefined;
  for (const known of live) if (await verifySecret(secret, known.digest)) match ??= known;
  return match;
}

/**
 * Notes uses in the background, one after another. So they take one connection while the database is slow or away,
 * however many clients there are. When a note fails, the waiting ones are dropped: the clients' next uses serve as
 * well.
 */
function createNotes({
  touch,
  onError,
}: {
  touch: ClientSecretStore['touch'];
  onError(error: unknown): void;
}): (clientId: string, name: string) => void {
  const noted = createRecent<true>({ max: 20_000, ttlMs: TOUCH_INTERVAL_MS });
  const waiting = new Map<string, [clientId: string, name: string]>();
  let working = false;

  const work = async () => {
    working = true;
    try {
      for (const [key, use] of waiting) {
        waiting.delete(key);
        // The work must not use up the time of the request that happened to begin it.
        await withinShare('uses of secrets', () => touch(...use));
      }
    } catch (error) {
      waiting.clear();
      onError(error);
    }
    working = false;
  };

  return (clientId, name) => {
    const key = `${clientId} ${name}`;
    if (noted.has(key)) return;
    noted.set(key, true);
    waiting.set(key, [clientId, name]);
    if (!working) void work();
  };
}

/**
 * The slow digests (argon2id) whose secret this process has seen, so that a client that authenticates all the time
 * waits for a hash once an hour, and never behind a flood of guesses. A digest that changed or was removed is not
 * asked for again.
 */
interface ProvenSecrets {
  has(secret: string, digest: string): boolean;
  add(secret: string, digest: string): void;
}

const LIFETIME_MS = 60 * 60 * 1000;

function createProvenSecrets(): ProvenSecrets {
  // The proofs are worth nothing without this key, which never leaves the process.
  const key = randomBytes(32);
  const proofs = createRecent<Buffer>({ max: 10_000, ttlMs: LIFETIME_MS });
  const proofOf = (secret: string) => createHmac('sha256', key).update(secret).digest();
  return {
    has(secret, digest) {
      const proof = isSlow(digest) ? proofs.get(digest) : undefined;
      return proof !== undefined && timingSafeEqual(proof, proofOf(secret));
    },
    add(secret, digest) {
      proofs.set(digest, proofOf(secret));
    },
  };
}
