import type { ActionId, Outcome, SignedIn } from '../demo-session.ts';
import { WEB } from '../flows.ts';
import type { Tokens } from '../issuer.ts';
import { authorizationView, type Decoded, decoded, exchangeView } from '../requests/request-views.ts';
import { LISTNR_CLIENT_ID, LISTNR_SCOPE } from './listnr-consumer.ts';
import { progressOf } from './steps.ts';

/** The content of the templates for all steps: decoded tokens, requests as commands, formatted times. */
export function signedInPage(
  signedIn: SignedIn,
  { issuer, listnrIssuer, jwksUri }: { issuer: string; listnrIssuer: string; jwksUri: string },
): Record<string, unknown> {
  const { authorization, codeExchange, keys, nonce, outcomes, latest, listnrToken } = signedIn;
  const steps = progressOf(signedIn).map((step) => ({ ...step, open: step.id === latest }));
  const idToken = decoded(signedIn.idToken);
  const outcome = (id: ActionId, bearer?: string) => outcomeView(outcomes[id], bearer);
  const verified = outcomes['listnr-verification']?.token;
  return {
    name: idToken.claims.name ?? idToken.claims.sub,
    steps,
    next: steps.find(({ state }) => state === 'next'),
    authorization: authorizationView(authorization),
    codeExchange: codeExchange && exchangeView(codeExchange),
    idToken: {
      ...idToken,
      keys: keys && exchangeView(keys),
      checks: idTokenChecks(idToken, { issuer, nonce }),
    },
    userinfo: outcome('userinfo'),
    refresh: {
      ...outcome('refresh'),
      replaced: outcomes.refresh?.replaced && replacedView(outcomes.refresh.replaced),
    },
    listnrToken: {
      ...outcome('listnr-token', 'ID_TOKEN'),
      clientId: LISTNR_CLIENT_ID,
      token: listnrToken && decoded(listnrToken),
    },
    listnrVerification: {
      ...outcome('listnr-verification'),
      expected: { issuer: listnrIssuer, audience: LISTNR_CLIENT_ID, jwksUri },
      ready: listnrToken !== undefined,
      checks: verified && listnrChecks(decoded(verified), listnrIssuer),
    },
  };
}

function outcomeView(outcome: Outcome | undefined, bearer?: string) {
  if (!outcome) return undefined;
  const { exchange, failure } = outcome;
  return { failure, exchange: exchange && exchangeView(exchange, bearer) };
}

/** The ends of the tokens, which show that the tokens differ. */
function replacedView({ before, after }: { before: Tokens; after: Tokens }) {
  const names = { accessToken: 'Access token', refreshToken: 'Refresh token', idToken: 'ID token' } as const;
  return Object.entries(names).map(([kind, name]) => {
    const [old, current] = [before[kind as keyof Tokens], after[kind as keyof Tokens]];
    return { name, before: `…${old.slice(-10)}`, after: `…${current.slice(-10)}`, changed: old !== current };
  });
}

/** The checks of “Validating the ID Token” in the guide, which openid-client made. */
function idTokenChecks({ header, claims }: Decoded, { issuer, nonce }: { issuer: string; nonce: string }) {
  return [
    { name: 'Signature', value: `${header.alg}, by the key ${header.kid} that the issuer publishes` },
    { name: 'Issuer', claim: 'iss', value: issuer },
    { name: 'Audience', claim: 'aud', value: WEB.client.id },
    { name: 'Expiry', claim: 'exp', value: `${time(claims.exp)}, in the future` },
    { name: 'Nonce', claim: 'nonce', value: `${nonce}, as sent in step 1` },
  ];
}

/** The checks of the LiSTNR guide's table. */
function listnrChecks({ header, claims }: Decoded, issuer: string) {
  return [
    { name: 'Algorithm', claim: 'alg', value: header.alg },
    { name: 'Signature', value: `by the key ${header.kid} of the JWKS` },
    { name: 'Expiry', claim: 'exp', value: `${time(claims.exp)}, in the future` },
    { name: 'Issuer', claim: 'iss', value: issuer },
    { name: 'Audience', claim: 'aud', value: LISTNR_CLIENT_ID },
    { name: 'Subject', claim: 'sub', value: claims.sub },
    { name: 'Scope', claim: 'scope', value: `contains ${LISTNR_SCOPE}` },
  ];
}

function time(epochSeconds = 0): string {
  return `${new Date(epochSeconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
