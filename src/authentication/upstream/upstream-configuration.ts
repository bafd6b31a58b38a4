import * as openid from 'openid-client';
import type { UpstreamProvider } from '../../instances/instance.ts';
import { createRecent } from '../../platform/copies/recent.ts';
import type { OutboundFetch } from '../../platform/network/outbound-fetch.ts';
import { MetadataUnusable } from './metadata-unusable.ts';
import { withoutNulls, withVerifiedJwts } from './upstream-answers.ts';
import { createSignatureCheck } from './upstream-signature.ts';

/** How far a provider's clock may be from ours. */
export const CLOCK_TOLERANCE_SECONDS = 60;

const TIMEOUT_SECONDS = 5;
const DISCOVERY_TTL_MS = 10 * 60 * 1000;
const MAX_PROVIDERS = 1000;

/** The discovered configurations of upstream providers, kept for ten minutes. */
export function createUpstreamConfigurations(
  fetch: OutboundFetch,
): (provider: UpstreamProvider) => Promise<openid.Configuration> {
  const discovered = createRecent<Promise<openid.Configuration>>({
    max: MAX_PROVIDERS,
    ttlMs: DISCOVERY_TTL_MS,
  });

  return async (provider) => {
    // Every change of the registration makes another key, so it takes effect at once.
    const key = JSON.stringify([provider.issuer, provider.clientId, provider.clientSecret]);
    const known = discovered.get(key);
    if (known) return known;
    const pending = discover(provider, fetch);
    discovered.set(key, pending);
    try {
      return await pending;
    } catch (error) {
      if (discovered.peek(key) === pending) discovered.delete(key);
      throw error;
    }
  };
}

async function discover(
  { issuer, clientId, clientSecret }: UpstreamProvider,
  fetch: OutboundFetch,
): Promise<openid.Configuration> {
  const server = new URL(issuer);
  const forgiving = withoutNulls(fetch);
  const configuration = await openid.discovery(
    server,
    clientId,
    { [openid.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    clientAuthentication(clientSecret),
    {
      timeout: TIMEOUT_SECONDS,
      [openid.customFetch]: forgiving as openid.CustomFetch,
      execute: [
        // Registration allows plain http on loopback only (the constraint upstream_issuer_https).
        ...(server.protocol === 'http:' ? [openid.allowInsecureRequests] : []),
      ],
    },
  );
  const metadata = configuration.serverMetadata();
  checkMetadata(metadata);
  // OIDC Core 3.1.3.7 does not require this check, since TLS vouches for the provider; but a proxy may end TLS in
  // between.
  const verify = createSignatureCheck(new URL(metadata.jwks_uri ?? ''), forgiving);
  configuration[openid.customFetch] = withVerifiedJwts(forgiving, verify) as openid.CustomFetch;
  return configuration;
}

const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint'] as const;
const LISTS = ['token_endpoint_auth_methods_supported', 'id_token_signing_alg_values_supported'] as const;

/** The library believes what it is told of the types of metadata. @throws MetadataUnusable that names the members. */
function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  const { userinfo_endpoint } = metadata;
  const wrong = [
    ...ENDPOINTS.filter((name) => !isHttp(metadata[name])).filter(
      (name) => name !== 'userinfo_endpoint' || userinfo_endpoint !== undefined,
    ),
    ...LISTS.filter((name) => metadata[name] !== undefined && !isListOfText(metadata[name])),
  ];
  if (wrong.length > 0) throw new MetadataUnusable(wrong);
}

function isHttp(value: unknown): boolean {
  const protocol = typeof value === 'string' ? URL.parse(value)?.protocol : undefined;
  return protocol === 'https:' || protocol === 'http:';
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Follows the provider's metadata, whose default is `client_secret_basic` (OIDC Discovery 1.0 section 3). */
function clientAuthentication(clientSecret: string | undefined): openid.ClientAuth {
  if (clientSecret === undefined) return openid.None();
  const basic = openid.ClientSecretBasic(clientSecret);
  const post = openid.ClientSecretPost(clientSecret);
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const onlyPost = methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
    (onlyPost ? post : basic)(server, ...rest);
  };
}
