import type { JWK } from 'jose';
import type { Reading } from '../platform/copies/kept-copy.ts';
import { behind, ON_PRIMARY } from '../platform/copies/versions.ts';
import type { Queryable } from '../platform/database.ts';
import type { KeyAlgorithm } from './signing-key.ts';

/** The public half of a key of OpenID Connect that a rotation removed. */
export interface PastKey {
  kid: string;
  alg: KeyAlgorithm;
  publicJwk: JWK;
  /** A year after the key was removed. */
  expiresAt: Date;
}

/** The trigger `keep_public_key` writes the rows, in the statement that removes a key. */
export interface PastKeyStore {
  /** The keys in the order in which they expire, the last one first. */
  list(): Promise<PastKey[]>;
  /** The same keys, with the version for a copy in memory. The trigger `bump_version` raises that version. */
  read(): Promise<Reading<PastKey[]>>;
}

interface Row {
  kid: string;
  alg: KeyAlgorithm;
  public_jwk: JWK;
  expires_at: Date;
}

const ORDER = 'expires_at DESC, kid';

export function createPastKeyStore(db: Queryable): PastKeyStore {
  return {
    async list() {
      const rows: Row[] = await db('past_public_keys').orderByRaw(ORDER);
      return rows.map(toPastKey);
    },

    async read() {
      const rows: (Row & { version: string })[] = await db('versions')
        .leftJoin('past_public_keys', db.raw('true'))
        .where('versions.name', 'keys')
        .whereRaw(ON_PRIMARY)
        .orderByRaw(ORDER);
      const [first] = rows;
      if (!first) throw behind();
      return { version: first.version, content: rows.filter(({ kid }) => kid !== null).map(toPastKey) };
    },
  };
}

function toPastKey({ kid, alg, public_jwk: publicJwk, expires_at: expiresAt }: Row): PastKey {
  return { kid, alg, publicJwk, expiresAt };
}
