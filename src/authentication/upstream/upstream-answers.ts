import type { OutboundFetch } from '../../platform/network/outbound-fetch.ts';
import type { VerifySignature } from './upstream-signature.ts';

/** Some providers write `null` where the standards leave a member out. The library takes it for a wrong value. */
export function withoutNulls(fetch: OutboundFetch): OutboundFetch {
  return changed(fetch, async (text) => withoutNullMembers(text));
}

/**
 * Passes on only JWTs that the provider signed, and those without members that are null. The library verifies no
 * signature itself, because it sees the changed JWT.
 */
export function withVerifiedJwts(fetch: OutboundFetch, verify: VerifySignature): OutboundFetch {
  const verified = async (jwt: string) => {
    const payload = new TextDecoder().decode(await verify(jwt));
    const [header, , signature] = jwt.split('.');
    return [header, Buffer.from(withoutNullMembers(payload)).toString('base64url'), signature].join('.');
  };
  return changed(fetch, async (text, contentType) => {
    if (contentType === 'application/jwt') return verified(text);
    const answer = parse(text);
    if (typeof answer !== 'object' || answer === null || !('id_token' in answer)) return text;
    const { id_token } = answer;
    return typeof id_token === 'string'
      ? JSON.stringify({ ...answer, id_token: await verified(id_token) })
      : text;
  });
}

function changed(
  fetch: OutboundFetch,
  change: (text: string, contentType: string | undefined) => Promise<string>,
): OutboundFetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { status, headers } = response;
    if (status !== 200) return response;
    const text = await change(await response.text(), headers.get('content-type')?.split(';')[0]);
    return new Response(text, { status, headers });
  };
}

/** At every depth. An item of a list stays, and so does a text that is no JSON. */
function withoutNullMembers(text: string): string {
  return JSON.stringify(parse(text, (_name, value) => (value === null ? undefined : value))) ?? text;
}

function parse(text: string, reviver?: (name: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return undefined;
  }
}
