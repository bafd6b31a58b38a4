import type { ListnrClient } from '../../clients/listnr/listnr-client.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { issuerOf, subjectFor, type VerifiedIdToken } from '../../tokens/id-tokens/accepted-issuer.ts';
import { checkIdToken } from '../../tokens/id-tokens/id-token-claims.ts';
import { issueListnrToken } from '../../tokens/listnr/issue-listnr-token.ts';
import { type Finding, findingOf } from './finding.ts';
import { type DecodedToken, decoded, type UnsignedKeys } from './unsigned.ts';

export type PreviewedListnrToken = DecodedToken | { refused: Finding };

interface Asked {
  client: ListnrClient;
  /** The claims of the ID token with which it comes, or why there is none. */
  idToken: Record<string, unknown> | Finding;
  /** Undefined for all scopes of the client. */
  scope: string | undefined;
  subject: string | undefined;
}

interface Dependencies {
  issuer: string;
  listnrIssuer: string;
  environment: string;
  keys: UnsignedKeys;
  clock: Clock;
}

/** Makes a LiSTNR token with the functions of the token provider, behind its authentication. */
export async function previewListnrToken(asked: Asked, d: Dependencies): Promise<PreviewedListnrToken> {
  const { client, scope = client.scopes.join(' '), subject } = asked;
  try {
    const idToken = client.pattern === 'authenticated_user' ? presented(asked, d) : undefined;
    if (idToken && 'error' in idToken) return { refused: idToken };
    const { access_token } = await issueListnrToken(
      { client, idToken, scope, subject },
      { ...d, keyRings: { listnr: d.keys } },
    );
    return decoded(access_token);
  } catch (error) {
    return { refused: findingOf(error) };
  }
}

/** The ID token as LiSTNR accepts it once its signature is verified. */
function presented({ client, idToken }: Asked, { issuer, clock }: Dependencies): VerifiedIdToken | Finding {
  if (isFinding(idToken)) return idToken;
  const row = issuerOf(idToken, client.acceptedIssuers, issuer);
  const claims: Record<string, unknown> = { ...idToken };
  checkIdToken(claims, epochSeconds(clock));
  return subjectFor({ claims, row, own: claims.iss === issuer });
}

function isFinding(value: Asked['idToken']): value is Finding {
  return 'sentence' in value && 'error' in value;
}
