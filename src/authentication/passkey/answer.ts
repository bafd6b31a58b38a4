import type { ChallengeBinding, Challenges } from './challenge.ts';

/** The members of a browser's answer that both ceremonies have (WebAuthn section 5.1: the JSON of a credential). */
interface Answer {
  id: string;
  response: { clientDataJSON: string };
}

/**
 * Reads the answer that a page's script put into its form. The library checks its members.
 * Undefined when the form has none.
 */
export function readAnswer<T>(text: string): (T & Answer) | undefined {
  try {
    const answer = JSON.parse(text);
    const { id, response } = answer;
    if (typeof id !== 'string' || typeof response.clientDataJSON !== 'string') return undefined;
    return answer;
  } catch {
    return undefined;
  }
}

/** The challenge that was answered, if it is one for this page. A page of another site never is, even in a frame. */
export function challengeOf(
  { response }: Answer,
  binding: ChallengeBinding,
  challenges: Challenges,
): { value: string; expiresAt: Date; expired: boolean } | undefined {
  const { challenge, crossOrigin } = clientDataOf(response);
  if (typeof challenge !== 'string' || crossOrigin === true) return undefined;
  const known = challenges.verify(challenge, binding);
  return known && { value: challenge, expiresAt: new Date(known.expiresAt * 1000), expired: known.expired };
}

function clientDataOf({ clientDataJSON }: Answer['response']): {
  challenge?: unknown;
  crossOrigin?: unknown;
} {
  try {
    return JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) ?? {};
  } catch {
    return {};
  }
}
