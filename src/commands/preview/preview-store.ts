import type { KeyAlgorithm, KeySet } from '../../keys/signing-key.ts';
import type { Queryable } from '../../platform/database.ts';

/** The part of a signing key that is published, of which a token shows the name and its signature's length. */
export interface PublishedKey {
  kid: string;
  alg: KeyAlgorithm;
  /** How long an RSA key's modulus is, and so its signatures. */
  modulusBytes: number | null;
}

/** How somebody can sign in at all. */
export interface FirstFactors {
  password: boolean;
  /** Whether the provider of their instance knows them. */
  upstream: boolean;
  /** Whether our ID tokens repeat the amr of that provider. */
  passAmr: boolean;
}

/** Reads for a preview. Nothing is written, and of no key the private half is read. */
export interface PreviewStore {
  /** The keys that sign now. */
  keys(keySet: KeySet): Promise<PublishedKey[]>;
  firstFactors(personId: string): Promise<FirstFactors>;
}

export function createPreviewStore(db: Queryable): PreviewStore {
  return {
    async keys(keySet) {
      const rows: { kid: string; alg: KeyAlgorithm; modulus: string | null }[] = await db('signing_keys')
        .where({ key_set: keySet, state: 'current' })
        .select('kid', 'alg', db.raw("public_jwk->>'n' AS modulus"));
      return rows.map(({ kid, alg, modulus }) => ({
        kid,
        alg,
        modulusBytes: modulus === null ? null : Buffer.from(modulus, 'base64url').length,
      }));
    },

    async firstFactors(personId) {
      return db('people as p')
        .where({ 'p.id': personId })
        .first(
          db.raw(`p.password_hash IS NOT NULL AS password,
            EXISTS (SELECT FROM upstream_identities i JOIN upstream_providers u USING (instance_id, issuer)
                    WHERE i.person_id = p.id AND i.instance_id = p.instance_id) AS upstream,
            EXISTS (SELECT FROM upstream_providers u WHERE u.instance_id = p.instance_id AND u.pass_amr) AS "passAmr"`),
        );
    },
  };
}
