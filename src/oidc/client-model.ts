import { errors, Provider, type ResponseType } from 'oidc-provider';
import type { ClientSecrets } from '../clients/client-secrets.ts';
import { DEVICE_CODE_GRANT } from './device-code.ts';

type Client = InstanceType<Provider['Client']>;

/**
 * Corrects the library's client where the contract differs: secrets are compared with digests, and a grant or
 * response type that the server has but this client may not use is `unauthorized_client` (RFC 6749 sections
 * 4.1.2.1 and 5.2) rather than `invalid_request`.
 */
export function correctClients(
  provider: Provider,
  { clientSecrets }: { clientSecrets: ClientSecrets },
): void {
  const { prototype } = provider.Client;
  const { grantTypeAllowed, responseTypeAllowed } = prototype;

  Object.assign(prototype, {
    compareClientSecret(this: Client, secret: string) {
      return clientSecrets.verify(this.clientId, secret);
    },

    grantTypeAllowed(this: Client, type: string) {
      const allowed = grantTypeAllowed.call(this, type);
      const { route, params } = Provider.ctx?.oidc ?? {};
      const asked =
        (route === 'token' && params?.grant_type === type) ||
        (route === 'device_authorization' && type === DEVICE_CODE_GRANT);
      if (!allowed && asked) {
        throw new errors.UnauthorizedClient(`This client may not use the grant type ${type}`);
      }
      return allowed;
    },

    responseTypeAllowed(this: Client, type: ResponseType) {
      if (!responseTypeAllowed.call(this, type)) {
        throw new errors.UnauthorizedClient(`This client may not use the response type ${type}`);
      }
      return true;
    },
  });
}
