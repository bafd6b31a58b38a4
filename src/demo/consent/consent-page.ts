import { SCOPE } from '../flows.ts';
import { authorizationView, decoded, exchangeView } from '../requests/request-views.ts';
import type { ConsentStory } from './consent-story.ts';

export const CONSENT_STEPS = [
  { id: 'request', title: 'Ask for scopes' },
  { id: 'decision', title: 'The person decides' },
  { id: 'exchange', title: 'Exchange the code' },
  { id: 'claims', title: 'See what was allowed' },
  { id: 'again', title: 'Ask again' },
] as const;

/** The claims about the person that each scope gives, in the order of the guide. */
const CLAIMS: Readonly<Record<string, readonly string[]>> = {
  openid: ['sub', 'workerProfileId', 'workerIds', 'userIds'],
  profile: ['name', 'firstName', 'lastName', 'given_name', 'family_name', 'updated_at'],
  email: ['email', 'email_verified'],
};

/** The content of the template for an answer, a yes or a no. */
export function consentPage(story: ConsentStory): Record<string, unknown> {
  const { authorization, codeExchange, tokens, failure, insisted, allowedBefore } = story;
  const idToken = tokens && decoded(tokens.idToken);
  const claims: Record<string, unknown> = { ...idToken?.claims };
  const allowed = idToken !== undefined;
  return {
    allowed,
    name: claims.name ?? claims.sub,
    denied: failure?.code === 'access_denied',
    failure,
    asked: insisted || !allowedBefore,
    steps: CONSENT_STEPS.map((step) => ({ ...step, state: stateOf(step.id, allowed) })),
    authorization: authorizationView(authorization),
    codeExchange: codeExchange && exchangeView(codeExchange),
    idToken,
    scopes: SCOPE.split(' ').map((scope) => ({
      name: scope,
      claims: (CLAIMS[scope] ?? []).filter((claim) => claim in claims),
    })),
  };
}

function stateOf(id: (typeof CONSENT_STEPS)[number]['id'], allowed: boolean): string {
  if (id === 'again') return 'next';
  if (id === 'request' || allowed) return 'done';
  return id === 'decision' ? 'failed' : 'todo';
}
