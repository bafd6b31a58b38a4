/**
 * Where passkeys are used: the origin and the host name of the issuer (WebAuthn section 5.1.2). A passkey that was made
 * for one host name works for no other.
 */
export interface RelyingParty {
  id: string;
  origin: string;
  /** Whether it is a name: browsers make no passkeys for the number of a machine. */
  usable: boolean;
}

export function relyingPartyOf(issuer: string): RelyingParty {
  const { hostname, origin } = new URL(issuer);
  return { id: hostname, origin, usable: !hostname.startsWith('[') && !/^[\d.]+$/.test(hostname) };
}
