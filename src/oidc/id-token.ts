import type { Provider } from 'oidc-provider';
import type { KeyRing } from '../keys/key-ring.ts';
import { unavailable } from '../platform/database-errors.ts';
import { clientRecord } from './storage/client-metadata.ts';

type IdToken = InstanceType<Provider['IdToken']>;
type Issue = IdToken['issue'];

/**
 * Signs ID tokens with the header of the guide's examples: the library leaves `typ` out. Which claims are in one is
 * still the library's decision.
 */
export function signIdTokens(provider: Provider, { keyRing }: { keyRing: KeyRing }): void {
  const { prototype } = provider.IdToken;
  const { issue } = prototype;

  Object.assign(prototype, {
    async issue(this: IdToken, ...[options]: Parameters<Issue>): ReturnType<Issue> {
      if (options.use !== 'idtoken') return issue.call(this, options);
      const { idTokenSignedResponseAlg, idTokenTtlSeconds } = clientRecord(this.client);
      const key = keyRing.signer(idTokenSignedResponseAlg);
      if (!key) throw unavailable(new Error(`There is no key yet to sign ${idTokenSignedResponseAlg} with.`));
      const now = Math.floor(Date.now() / 1000);
      return key.sign(
        {
          ...(await this.payload()),
          iss: provider.issuer,
          aud: this.client.clientId,
          iat: now,
          exp: now + idTokenTtlSeconds,
        },
        'JWT',
      );
    },
  });
}
