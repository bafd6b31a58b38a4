import type { JWK } from 'jose';
import type { Reading } from '../platform/copies/kept-copy.ts';
import { behind, ON_PRIMARY } from '../platform/copies/versions.ts';
import type { Queryable } from '../platform/database.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import { actsBy } from '../platform/transaction-way.ts';
import type { RotationStep } from './plan-rotation.ts';
import type { KeyAlgorithm, KeySet, KeyState, SigningKey } from './signing-key.ts';

export interface SigningKeyStore {
  /**
   * The keys of a set, in the order current, retired, next. @throws OperatorError that names a key which cannot be
   * opened.
   */
  list(keySet: KeySet): Promise<SigningKey[]>;
  /** The same keys, with the version for a copy in memory. The trigger `bump_version` raises that version. */
  read(keySet: KeySet): Promise<Reading<SigningKey[]>>;
  /**
   * Passes a set's keys to `decide` and carries out the steps that it returns, while no other process can. If several
   * replicas find a rotation due, the first one does it, and the others see the result.
   */
  change(keySet: KeySet, decide: (keys: SigningKey[]) => Promise<KeyChange[]>): Promise<KeyChange[]>;
  /** Seals every key again that is not sealed with the first key-encryption key. Returns the number of keys. */
  reseal(): Promise<number>;
}

/** A step of a rotation, in which a `create` has the new key; or a key that goes and of which nothing is kept. */
export type KeyChange =
  | (RotationStep & { key?: Pick<SigningKey, 'kid' | 'alg' | 'publicJwk' | 'privateJwk'> })
  | { action: 'drop'; kid: string };

interface Row {
  kid: string;
  key_set: KeySet;
  alg: KeyAlgorithm;
  state: KeyState;
  public_jwk: JWK;
  private_jwk_sealed: string;
  promote_after: Date | null;
  activated_at: Date | null;
  retired_at: Date | null;
}

const ORDER =
  "CASE state WHEN 'current' THEN 0 WHEN 'retired' THEN 1 ELSE 2 END, alg = 'RS256' DESC, created_at DESC, kid";

/** `way`: how its changes come about, for the audit trail. */
export function createSigningKeyStore(
  db: Queryable,
  box: SecretBox,
  way = 'job rotate-keys',
): SigningKeyStore {
  const list = async (keySet: KeySet, on: Queryable = db): Promise<SigningKey[]> => {
    const rows: Row[] = await on('signing_keys').where({ key_set: keySet }).orderByRaw(ORDER);
    return rows.map((row) => toSigningKey(row, box));
  };

  return {
    list: (keySet) => list(keySet),

    async read(keySet) {
      const rows: (Row & { version: string })[] = await db('versions')
        .leftJoin('signing_keys', { key_set: db.raw('?', [keySet]) })
        .where('versions.name', 'keys')
        .whereRaw(ON_PRIMARY)
        .orderByRaw(ORDER);
      const [first] = rows;
      if (!first) throw behind();
      const keys = rows.filter(({ kid }) => kid !== null).map((row) => toSigningKey(row, box));
      return { version: first.version, content: keys };
    },

    change: (keySet, decide) =>
      db.transaction(async (trx) => {
        await actsBy(trx, way);
        // A set without keys has no row to lock.
        await trx('versions').where({ name: 'keys' }).forUpdate().first();
        const changes = await decide(await list(keySet, trx));
        for (const change of changes) await apply(trx, keySet, change, box);
        return changes;
      }),

    reseal: () =>
      db.transaction(async (trx) => {
        await actsBy(trx, way);
        const rows: Row[] = await trx('signing_keys').forUpdate();
        const stale = rows.filter(({ private_jwk_sealed: sealed }) => !box.isCurrent(sealed));
        for (const { kid, private_jwk_sealed: sealed } of stale) {
          const context = sealContext(kid);
          await trx('signing_keys')
            .where({ kid })
            .update({ private_jwk_sealed: box.seal(box.open(sealed, context), context) });
        }
        return stale.length;
      }),
  };
}

async function apply(trx: Queryable, keySet: KeySet, change: KeyChange, box: SecretBox): Promise<void> {
  const now = trx.fn.now();
  switch (change.action) {
    case 'create': {
      const { key } = change;
      if (!key) throw new Error('A created key needs its material.');
      await trx('signing_keys').insert({
        kid: key.kid,
        key_set: keySet,
        alg: key.alg,
        state: change.state,
        public_jwk: JSON.stringify(key.publicJwk),
        private_jwk_sealed: box.seal(JSON.stringify(key.privateJwk), sealContext(key.kid)),
        ...(change.state === 'current' ? { activated_at: now } : { promote_after: change.promoteAfter }),
      });
      return;
    }
    case 'promote':
      await trx('signing_keys')
        .where({ kid: change.kid })
        .update({ state: 'current', promote_after: null, activated_at: now });
      return;
    case 'retire':
      await trx('signing_keys').where({ kid: change.kid }).update({ state: 'retired', retired_at: now });
      return;
    case 'remove':
      // The trigger `keep_public_key` keeps the public half of a retired key.
      await trx('signing_keys').where({ kid: change.kid }).delete();
      return;
    case 'drop':
      await trx('signing_keys').where({ kid: change.kid }).delete();
      await trx('past_public_keys').where({ kid: change.kid }).delete();
      return;
  }
}

function toSigningKey(row: Row, box: SecretBox): SigningKey {
  return {
    kid: row.kid,
    keySet: row.key_set,
    alg: row.alg,
    state: row.state,
    publicJwk: row.public_jwk,
    privateJwk: JSON.parse(box.open(row.private_jwk_sealed, sealContext(row.kid))),
    promoteAfter: row.promote_after ?? undefined,
    activatedAt: row.activated_at ?? undefined,
    retiredAt: row.retired_at ?? undefined,
  };
}

function sealContext(kid: string): string {
  return `signing key ${kid}`;
}
