import type { Queryable } from '../platform/database.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import type { Instance, UpstreamProvider } from './instance.ts';

const DEFAULT_SESSION_SECONDS = 30 * 24 * 60 * 60;

export interface InstanceStore {
  find(id: string): Promise<Instance | undefined>;
  /** @throws OperatorError when the provider's secret cannot be opened. */
  findUpstreamProvider(instanceId: string): Promise<UpstreamProvider | undefined>;
}

export function createInstanceStore(db: Queryable, box: SecretBox): InstanceStore {
  return {
    async find(id) {
      const row = await db('instances').where({ id }).first();
      return (
        row && {
          id: row.id,
          name: row.name,
          authentication: row.authentication,
          logoUri: row.logo_uri,
          brandColor: row.brand_color,
          supportUri: row.support_uri,
          secondFactor: row.second_factor,
          passkeys: row.passkeys,
          sessionAbsoluteTtlSeconds: row.session_absolute_ttl_seconds ?? DEFAULT_SESSION_SECONDS,
        }
      );
    },

    async findUpstreamProvider(instanceId) {
      const row = await db('upstream_providers').where({ instance_id: instanceId }).first();
      return (
        row && {
          instanceId,
          issuer: row.issuer,
          clientId: row.client_id,
          clientSecret: row.client_secret_sealed
            ? box.open(row.client_secret_sealed, `upstream:${instanceId}`)
            : undefined,
          scope: row.scope,
          claimMapping: row.claim_mapping,
          firstSignIn: row.first_sign_in,
          passAmr: row.pass_amr,
        }
      );
    },
  };
}
