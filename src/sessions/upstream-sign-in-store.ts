import type { Queryable } from '../platform/database.ts';
import { hashId } from '../platform/secrets/digest.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import type { Clock } from '../platform/time/clock.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';

/** The values that check an upstream provider's answer (OIDC Core 3.1.3.7, RFC 7636). */
export interface UpstreamSignIn {
  instanceId: string;
  nonce: string;
  codeVerifier: string;
}

export interface UpstreamSignInStore {
  save(state: string, signIn: UpstreamSignIn, expiresAt: Date): Promise<void>;
  /** Returns the values to exactly one caller, and only before they expire. */
  take(state: string): Promise<UpstreamSignIn | undefined>;
}

const CONTEXT = 'upstream sign-in';

export function createUpstreamSignInStore(
  db: Queryable,
  box: SecretBox,
  clock: Clock,
  time: DatabaseTime = SAME_CLOCK,
): UpstreamSignInStore {
  return {
    async save(state, { instanceId, nonce, codeVerifier }, expiresAt) {
      await db('upstream_sign_ins').insert({
        state_hash: hashId(state),
        instance_id: instanceId,
        sealed: box.seal(JSON.stringify({ nonce, codeVerifier }), CONTEXT),
        expires_at: time.toDatabase(expiresAt),
      });
    },

    async take(state) {
      const [row] = await db('upstream_sign_ins')
        .where({ state_hash: hashId(state) })
        .delete()
        .returning(['instance_id', 'sealed', 'expires_at']);
      if (!row || time.fromDatabase(row.expires_at) <= clock.now()) return undefined;
      return { instanceId: row.instance_id, ...JSON.parse(box.open(row.sealed, CONTEXT)) };
    },
  };
}
