import * as oidc from 'openid-client';
import type { Tokens } from './code-flow.ts';
import type { Played } from './played.ts';

/** Plays a device without a browser (RFC 8628): shows the code, and asks until the person has decided. */
export async function deviceFlow({ config, scope, options, transcript, DPoP }: Played): Promise<Tokens> {
  transcript.step('The device asks for a code');
  const code = await oidc.initiateDeviceAuthorization(config, { scope });
  transcript.step('The person signs in');
  transcript.tell(
    `Open ${code.verification_uri_complete ?? code.verification_uri} in a browser, and compare the code: ${code.user_code}`,
  );
  transcript.step('The device asks until the person has decided');
  return oidc.pollDeviceAuthorizationGrant(config, code, undefined, {
    signal: AbortSignal.timeout(options.timeoutSeconds * 1000),
    ...(DPoP ? { DPoP } : {}),
  });
}
