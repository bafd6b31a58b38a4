/**
 * Where passkeys are used: the origin and the host name of the issuer (WebAuthn section 5.1.2). A passkey that was made
 * for one host name works for no other.
 */
export interface RelyingParty {
  id: string;
  origin: string;
}

/** Undefined where the issuer has no host name: browsers make no passkeys for the number of a machine. */
export function relyingPartyOf(issuer: string): RelyingParty | undefined {
  const { hostname, origin } = new URL(issuer);
  const isNumber = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  return isNumber ? undefined : { id: hostname, origin };
}
