import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { type Exchange, recordingFetch } from '../requests/exchange.ts';

/** The LiSTNR client of config/seeds/demo.sql; its audience is its id. */
export const LISTNR_CLIENT_ID = 'demo-app';
export const LISTNR_SCOPE = 'read:profile';

/** Both users of a LiSTNR token: the application that gets it for its user, and the service that verifies it. */
export interface ListnrConsumer {
  jwksUri: string;
  /** Gets a token for the user of an ID token. @throws ListnrRefusal */
  issueToken(idToken: string, record: Exchange[]): Promise<string>;
  /** @throws JOSEError when the token fails a check. */
  verifyToken(token: string, record: Exchange[]): Promise<void>;
}

/** The token provider's error answer. */
export class ListnrRefusal extends Error {
  readonly code: string;

  constructor({ error = 'unknown', error_description = '' }: Record<string, string | undefined>) {
    super(error_description);
    this.name = 'ListnrRefusal';
    this.code = error;
  }
}

/** `baseUrl` is the address of the token provider; `issuer` is the `iss` of its tokens. */
export function createListnrConsumer({
  baseUrl,
  issuer,
}: {
  baseUrl: string;
  issuer: string;
}): ListnrConsumer {
  const endpoint = `${baseUrl}/v1/listnr-token-provider`;
  const jwksUri = `${endpoint}/jwks`;

  return {
    jwksUri,

    async issueToken(idToken, record) {
      const response = await recordingFetch(record)(`${endpoint}/issue-token`, {
        method: 'POST',
        headers: { authorization: `Bearer ${idToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ client_id: LISTNR_CLIENT_ID, scope: LISTNR_SCOPE }),
      });
      const answer = (await response.json().catch(() => ({}))) as Record<string, string | undefined>;
      if (!response.ok || !answer.access_token) throw new ListnrRefusal(answer);
      return answer.access_token;
    },

    async verifyToken(token, record) {
      // A real service makes this once, since it caches the keys. Here each click shows the fetch.
      const jwks = createRemoteJWKSet(new URL(jwksUri), { [customFetch]: recordingFetch(record) });
      const { payload } = await jwtVerify(token, jwks, {
        issuer,
        audience: LISTNR_CLIENT_ID,
        algorithms: ['RS256'],
        requiredClaims: ['sub'],
      });
      if (!String(payload.scope).split(' ').includes(LISTNR_SCOPE)) {
        throw new errors.JWTClaimValidationFailed('unexpected "scope" claim value', payload, 'scope');
      }
    },
  };
}
