import type { JWK } from 'jose';
import type { Queryable } from '../platform/database.ts';
import type { SecretBox } from '../platform/secret-box.ts';
import type { KeySet, KeyState, SigningKey } from './signing-key.ts';

export interface SigningKeyStore {
  list(keySet: KeySet): Promise<SigningKey[]>;
  /** Adds a key unless the set already has a current one: of several processes that start at once, one wins. */
  addFirst(key: SigningKey): Promise<void>;
}

interface Row {
  kid: string;
  key_set: KeySet;
  alg: 'RS256';
  state: KeyState;
  public_jwk: JWK;
  private_jwk_sealed: string;
}

const ORDER = "CASE state WHEN 'current' THEN 0 WHEN 'retired' THEN 1 ELSE 2 END, created_at DESC";

export function createSigningKeyStore(db: Queryable, box: SecretBox): SigningKeyStore {
  return {
    async list(keySet) {
      const rows: Row[] = await db('signing_keys').where({ key_set: keySet }).orderByRaw(ORDER);
      return rows.map((row) => ({
        kid: row.kid,
        keySet: row.key_set,
        alg: row.alg,
        state: row.state,
        publicJwk: row.public_jwk,
        privateJwk: JSON.parse(box.open(row.private_jwk_sealed, sealContext(row.kid))),
      }));
    },

    async addFirst(key) {
      await db('signing_keys')
        .insert({
          kid: key.kid,
          key_set: key.keySet,
          alg: key.alg,
          state: key.state,
          public_jwk: JSON.stringify(key.publicJwk),
          private_jwk_sealed: box.seal(JSON.stringify(key.privateJwk), sealContext(key.kid)),
        })
        .onConflict()
        .ignore();
    },
  };
}

function sealContext(kid: string): string {
  return `signing key ${kid}`;
}
