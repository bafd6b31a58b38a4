import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { requestContext } from '../request-context.ts';
import { PATHS } from '../routes.ts';

const LONGEST_SECONDS = 3600;
/** How far a client's clock may be ahead of ours. */
const CLOCK_TOLERANCE_SECONDS = 60;

interface Claims {
  exp?: number;
  iat?: number;
  aud?: string | string[];
}

/**
 * Checks a client assertion (RFC 7523 section 3) beyond the library, which has verified the signature, the types and
 * that it has not expired.
 *
 * Used assertions are remembered until they expire, so they must end soon. The library takes an array that names us
 * among others: somebody else it names could present the assertion to us first.
 */
export function checkClientAssertion(clock: Clock) {
  return async (ctx: KoaContextWithOIDC, { exp = Infinity, iat = 0, aud = [] }: Claims): Promise<void> => {
    const now = epochSeconds(clock) + CLOCK_TOLERANCE_SECONDS;
    if (exp > now + LONGEST_SECONDS)
      throw new errors.InvalidClientAuth(`a client assertion may live for ${LONGEST_SECONDS} seconds`);
    if (iat > now) throw new errors.InvalidClientAuth('a client assertion must not be issued in the future');
    const expected = audiences(ctx.oidc);
    if (![aud].flat().every((name) => expected.includes(name)))
      throw new errors.InvalidClientAuth(
        `the audience of a client assertion may be ${expected.join(' or ')}`,
      );
    // Used before, it is refused all the same.
    requestContext().hasAuthenticated = true;
  };
}

/** RFC 9126 section 2 adds the address of pushed requests there. */
function audiences({ issuer, route }: KoaContextWithOIDC['oidc']): string[] {
  const { token, pushed_authorization_request: pushed } = PATHS;
  return [
    issuer,
    `${issuer}${token}`,
    ...(route === 'pushed_authorization_request' ? [`${issuer}${pushed}`] : []),
  ];
}
