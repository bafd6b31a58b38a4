import { explainEndpoint } from '../endpoints/explain.ts';
import { introspectionEndpoint, revocationEndpoint } from '../endpoints/management.ts';
import { type TokenEndpointDependencies, tokenEndpoint } from '../endpoints/token.ts';
import { userinfoEndpoint } from '../endpoints/userinfo.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { issueTokenEndpoint } from '../listnr/endpoint.ts';
import { explainListnrEndpoint } from '../listnr/explain.ts';
import { publishedKeys } from '../listnr/published-keys.ts';
import type { PublishedDocument } from '../platform/published-document.ts';
import type { Foundation } from './foundation.ts';
import type { ListnrParts } from './listnr.ts';
import type { OidcParts } from './oidc.ts';
import type { RefusalParts } from './refusals.ts';
import type { Registration } from './registration.ts';
import type { Signing } from './signing.ts';

/** The endpoints for programs that are answered here, and not by the library. */
export interface EndpointParts {
  endpoints: Record<
    'token' | 'introspection' | 'revocation' | 'userinfo' | 'explain' | 'issueToken' | 'explainListnr',
    Endpoint
  >;
  /** The keys of LiSTNR. */
  publishedKeys(): PublishedDocument;
}

export function composeEndpoints(
  parts: Pick<Foundation, 'clock' | 'events'> &
    Pick<Signing, 'keyRings'> &
    Pick<
      Registration,
      'clients' | 'lookUpClient' | 'clientSecrets' | 'clientKeys' | 'certificateIssuers' | 'readCertificate'
    > &
    Omit<OidcParts, 'hints' | 'sealedRequests' | 'live' | 'sessions'> &
    Pick<ListnrParts, 'listnrClients' | 'listnrClientSecrets' | 'denied' | 'externalKeys'> &
    Pick<RefusalParts, 'recordedRefusals'>,
  { issuer, listnrIssuer, environment }: { issuer: string; listnrIssuer: string; environment: string },
): EndpointParts {
  const { keyRings, clock, denied, externalKeys, recordedRefusals } = parts;
  const directory = { clients: parts.listnrClients, secrets: parts.listnrClientSecrets, denied };
  const dependencies: TokenEndpointDependencies & Pick<OidcParts, 'accessTokens'> = {
    ...parts,
    issuer,
    keyRing: keyRings.oidc,
  };
  return {
    publishedKeys: publishedKeys(keyRings),
    endpoints: {
      token: tokenEndpoint(dependencies),
      introspection: introspectionEndpoint(dependencies),
      revocation: revocationEndpoint(dependencies),
      userinfo: userinfoEndpoint(dependencies),
      explain: explainEndpoint({ ...dependencies, recordedRefusals }),
      issueToken: issueTokenEndpoint({
        issuer,
        listnrIssuer,
        environment,
        clock,
        keyRings,
        externalKeys,
        ...directory,
      }),
      explainListnr: explainListnrEndpoint({ ...directory, recordedRefusals }),
    },
  };
}
