import { mayHaveScope, OFFLINE_ACCESS, scopesAllowed } from '../../clients/allowed-now.ts';
import type { Client } from '../../clients/client.ts';
import { type RequestedClaims, understoodClaims } from '../../oidc/checks/requested-claims.ts';
import { reasonOf } from '../../oidc/reasons/refused-because.ts';
import { OperatorError } from '../../platform/errors.ts';
import { nearestName } from '../../platform/nearest-name.ts';
import { isDevice } from './authorization.ts';
import { type Finding, finding, withReason } from './finding.ts';

/** An authorization request: what remains of it, what of it is refused, and what is left out. */
export interface AskedFor {
  scopes: readonly string[];
  claims: RequestedClaims | undefined;
  refused: Finding[];
  notes: string[];
}

/** @throws OperatorError when `claims` is no JSON. */
export function askedFor(
  client: Client,
  {
    scope = client.scopes.join(' '),
    claims: text,
  }: { scope?: string | undefined; claims?: string | undefined },
): AskedFor {
  const claims = text === undefined ? undefined : readClaims(text);
  const refused = [...refusedGrant(client), ...refusedScopes(client, scope)];
  const notes = demandsOf(client);
  let understood: RequestedClaims | undefined;
  try {
    understood = claims && understoodClaims(claims, client);
  } catch (error) {
    refused.push(refusalOfLibrary(error));
  }
  const leftOut = namesIn(claims).filter((name) => !namesIn(understood).includes(name));
  if (leftOut.length > 0)
    notes.push(`claims: left out, because no scope of the client gives them: ${leftOut.join(', ')}.`);
  return { scopes: scopesAllowed(client, scope), claims: understood, refused, notes };
}

/** The parameter `claims` (OpenID Connect Core section 5.5). */
function readClaims(text: string): object {
  const isObject = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch {
    throw new OperatorError('--claims is not JSON.');
  }
  if (isObject(claims)) {
    const { id_token = {}, userinfo = {} } = claims as Record<string, unknown>;
    if (isObject(id_token) && isObject(userinfo)) return { id_token, userinfo };
  }
  throw new OperatorError(
    '--claims takes an object such as {"id_token":{"email":null},"userinfo":{"name":null}}.',
  );
}

function namesIn(claims: object | undefined): string[] {
  return Object.values(claims ?? {}).flatMap((part: object) => Object.keys(part));
}

function refusalOfLibrary(error: unknown): Finding {
  const { error: code, error_description: sentence } = error as {
    error?: string;
    error_description?: string;
  };
  if (!(error instanceof Error) || code === undefined) throw error;
  return withReason(code, sentence ?? code, reasonOf(error)?.reason);
}

function refusedGrant(client: Client): Finding[] {
  if (client.grantTypes.includes('authorization_code') || isDevice(client)) return [];
  const sentence =
    'Nobody can sign in to this client: clients.grant_types has neither authorization_code nor the device code grant.';
  return [{ error: 'unauthorized_client', sentence }];
}

function refusedScopes(client: Client, scope: string): Finding[] {
  const asked = scope.split(' ').filter((word) => word !== '' && word !== OFFLINE_ACCESS);
  if (asked.length === 0)
    return [
      finding(
        'invalid_scope',
        `The request asks for no scope beside ${OFFLINE_ACCESS}.`,
        'scope.nothing_asked',
      ),
    ];
  return asked
    .filter((word) => !mayHaveScope(client, word))
    .map((word) => {
      const near = nearestName(word, client.scopes);
      const meant = near === undefined ? '' : ` Perhaps ${near} is meant.`;
      const registered = client.scopes.join(', ');
      return finding(
        'invalid_scope',
        `The scope ${word} is not registered for this client, which may ask for ${registered}.${meant}`,
        'scope.not_allowed',
      );
    });
}

/** The demands of the registration at which a preview does not look. */
function demandsOf(client: Client): string[] {
  const demands = [
    client.requirePkce && !isDevice(client) ? 'a code_challenge (PKCE)' : [],
    client.requirePushedAuthorizationRequests ? 'to be pushed (/auth/par)' : [],
    client.requireSignedRequestObject ? 'to be signed (request)' : [],
  ].flat();
  return [
    ...(demands.length > 0 ? [`The authorization request needs ${demands.join(', and ')}.`] : []),
    ...(client.requireDpop ? ['Each token request needs a DPoP proof.'] : []),
    ...(client.certificateBoundAccessTokens
      ? ["Each token request needs the client's certificate, to which the access token is bound."]
      : []),
    ...(client.requireConsent
      ? ['The person is asked for consent the first time. The preview is as if they allowed everything.']
      : []),
  ];
}
