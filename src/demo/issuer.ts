import * as oidc from 'openid-client';
import { type FlowClient, WEB } from './flows.ts';
import { type Exchange, recordingFetch } from './requests/exchange.ts';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  idToken: string;
}

/** openid-client's configuration of one client. It records every fetch in `record`. */
export type ConfigurationOf = (client: FlowClient, record?: Exchange[]) => Promise<oidc.Configuration>;

/** Runs discovery on first use, because the demo is part of the server, which does not listen yet. */
export function discoverOnFirstUse(issuer: string): ConfigurationOf {
  const insecure = issuer.startsWith('http:');
  let known: oidc.ServerMetadata | undefined;

  const metadata = async () => {
    if (!known) {
      const found = await oidc.discovery(new URL(issuer), WEB.client.id, undefined, oidc.None(), {
        execute: insecure ? [oidc.allowInsecureRequests] : [],
        [oidc.customFetch]: recordingFetch([]),
      });
      known = found.serverMetadata();
    }
    return known;
  };

  return async ({ id, secret }, record = []) => {
    const authentication = secret === undefined ? oidc.None() : oidc.ClientSecretPost(secret);
    const config = new oidc.Configuration(await metadata(), id, undefined, authentication);
    config[oidc.customFetch] = recordingFetch(record);
    // TLS already vouches for an ID token from the token endpoint. The demo checks the signature to show how.
    oidc.enableNonRepudiationChecks(config);
    if (insecure) oidc.allowInsecureRequests(config);
    return config;
  };
}

/** The tokens of an answer. A token that is missing in it stays as it was. */
export function tokensOf(
  answered: oidc.TokenEndpointResponse,
  before: Tokens = { accessToken: '', refreshToken: '', idToken: '' },
): Tokens {
  return {
    accessToken: answered.access_token,
    refreshToken: answered.refresh_token ?? before.refreshToken,
    idToken: answered.id_token ?? before.idToken,
  };
}
