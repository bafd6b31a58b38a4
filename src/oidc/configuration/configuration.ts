import type { ClientAuthMethod, Configuration } from 'oidc-provider';
import { CLAIMS_BY_SCOPE, LISTO_CLAIMS, PREFERRED_USERNAME } from '../../accounts/claims.ts';
import type { PersonStore } from '../../accounts/person-store.ts';
import { mayCallFrom } from '../../clients/allowed-now.ts';
import { PROOF_ALGORITHMS } from '../../clients/proofs/dpop-proof.ts';
import { REQUEST_OBJECT_ALGORITHMS } from '../../clients/requests/request-object.ts';
import type { ConsentStore } from '../../grants/consent-store.ts';
import { KEY_ALGORITHMS } from '../../keys/signing-key.ts';
import { ACR } from '../../tokens/claims/sign-in-claims.ts';
import { ANNOUNCED_RESPONSE_TYPES } from '../answers/published-documents.ts';
import { answerError, type RenderError } from '../answers/render-error.ts';
import { checkBindings, checkPushedProof } from '../checks/bindings.ts';
import { checkLengths } from '../checks/lengths.ts';
import { checkRequestedClaims } from '../checks/requested-claims.ts';
import { checkRequestedScope } from '../checks/requested-scope.ts';
import { checkSealedHint } from '../checks/sealed-hint.ts';
import type { IdTokenHints } from '../id-token-hint.ts';
import { interactionAddress, PATHS } from '../routes.ts';
import { createAccountFinder } from '../storage/account.ts';
import { type AdapterDependencies, createAdapter } from '../storage/adapter.ts';
import { clientRecord } from '../storage/client-metadata.ts';
import { DEVICE_CODE_TTL_SECONDS } from '../storage/device-code-adapter.ts';
import { createGrantLoader } from '../storage/grants.ts';
import {
  type CertificateSupport,
  certificateMethods,
  endpointAliases,
  mutualTls,
} from './certificate-metadata.ts';
import { type DevicePages, deviceFlow } from './device-flow.ts';
import type { FactorRules } from './factor-checks.ts';
import { createInteractionPolicy } from './interaction-policy.ts';

const DAY = 24 * 60 * 60;
const SESSION_TTL_SECONDS = 14 * DAY;
const INTERACTION_TTL_SECONDS = 60 * 60;
const PUSHED_REQUEST_TTL_SECONDS = 60;
const CLIENT_AUTH_METHODS: ClientAuthMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
];

export interface ConfigurationDependencies extends AdapterDependencies {
  cookieKeys: readonly string[];
  https: boolean;
  clientCertificates: CertificateSupport;
  consents: ConsentStore;
  people: PersonStore;
  hints: IdTokenHints;
  renderError: RenderError;
  devicePages: DevicePages;
  factorRules: FactorRules;
}

/** The library's configuration. Lifetimes are in seconds and come from the client's registration. */
export function oidcConfiguration(dependencies: ConfigurationDependencies): Configuration {
  const { https, clock, cookieKeys, keyRing, hints, renderError, devicePages, clientCertificates } =
    dependencies;
  const { factorRules } = dependencies;
  const methods = [...CLIENT_AUTH_METHODS, ...certificateMethods(clientCertificates)];
  return {
    adapter: createAdapter(dependencies),
    jwks: keyRing.privateJwks,
    findAccount: createAccountFinder(dependencies),
    loadExistingGrant: createGrantLoader(dependencies),
    interactions: {
      url: (_ctx, { uid, params }) => interactionAddress(uid, params.client_id),
      policy: createInteractionPolicy(factorRules),
    },
    renderError: answerError(renderError),
    routes: PATHS,
    cookies: cookies(cookieKeys, https),
    ttl: LIFETIMES,
    claims: {
      openid: ['sub', 'client_id', 'scope', ...LISTO_CLAIMS, 'amr', 'acr', 'at_hash'],
      profile: [...CLAIMS_BY_SCOPE.profile, PREFERRED_USERNAME],
      email: [...CLAIMS_BY_SCOPE.email],
    },
    conformIdTokenClaims: false,
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    // The library knows the parameter already. It is listed for the checks.
    extraParams: {
      scope(ctx, _known, client) {
        checkRequestedScope(ctx, client);
        checkBindings(ctx);
        checkPushedProof(ctx, clientRecord(client), clock.now());
        checkLengths(ctx);
      },
      sealed_hint: checkSealedHint(hints),
    },
    // The second is for our own pages alone (clients/account-client.ts), and is announced to nobody.
    responseTypes: [...ANNOUNCED_RESPONSE_TYPES, 'none'],
    subjectTypes: ['public'],
    pkce: { required: (_ctx, client) => clientRecord(client).requirePkce },
    clientAuthMethods: methods,
    extraClientMetadata: { properties: ['listo'] },
    clientBasedCORS: (_ctx, origin, client) => mayCallFrom(clientRecord(client), origin),
    allowOmittingSingleRegisteredRedirectUri: false,
    expiresWithSession: () => false,
    enabledJWA: {
      idTokenSigningAlgValues: [...KEY_ALGORITHMS],
      introspectionSigningAlgValues: [...KEY_ALGORITHMS],
      clientAuthSigningAlgValues: [...PROOF_ALGORITHMS],
      dPoPSigningAlgValues: [...PROOF_ALGORITHMS],
      requestObjectSigningAlgValues: [...REQUEST_OBJECT_ALGORITHMS],
      authorizationSigningAlgValues: [...KEY_ALGORITHMS],
    },
    discovery: {
      // Ours, not the library's (sign-out/back-channel.ts).
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      acr_values_supported: Object.values(ACR),
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      ...endpointAliases(clientCertificates),
      revocation_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_methods_supported: methods.filter((name) => name !== 'none'),
      revocation_endpoint_auth_signing_alg_values_supported: PROOF_ALGORITHMS,
      introspection_endpoint_auth_signing_alg_values_supported: PROOF_ALGORITHMS,
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true },
      // All three are announced. They are answered before the library (endpoints/), which finds no tokens.
      revocation: { enabled: true },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      // It is announced. A request object is verified before the library (requests/), which finds no client's keys.
      requestObjects: { enabled: true },
      jwtResponseModes: { enabled: true },
      claimsParameter: { enabled: true, assertClaimsParameter: checkRequestedClaims },
      deviceFlow: deviceFlow(devicePages),
      userinfo: { enabled: true },
      dPoP: { enabled: true },
      mTLS: mutualTls(clientCertificates),
      resourceIndicators: { enabled: false },
    },
  };
}

const LIFETIMES: NonNullable<Configuration['ttl']> = {
  AuthorizationCode: (_ctx, _code, client) => clientRecord(client).authorizationCodeTtlSeconds,
  PushedAuthorizationRequest: PUSHED_REQUEST_TTL_SECONDS,
  DeviceCode: DEVICE_CODE_TTL_SECONDS,
  Interaction: INTERACTION_TTL_SECONDS,
  Session: SESSION_TTL_SECONDS,
};

function cookies(keys: readonly string[], https: boolean): NonNullable<Configuration['cookies']> {
  const prefix = https ? '__Secure-' : '';
  const common = {
    httpOnly: true,
    sameSite: 'lax',
    signed: true,
    overwrite: true,
    ...(https ? { secure: true } : {}),
  } as const;
  return {
    keys: [...keys],
    names: {
      session: 'listo_session',
      interaction: `${prefix}listo_interaction`,
      resume: `${prefix}listo_resume`,
    },
    long: common,
    short: common,
  };
}
