import type { ClientCertificate } from '../certificates/client-certificate.ts';
import type { Client } from '../client.ts';
import type { DpopProof } from './dpop-proof.ts';

/** The keys to which a token is bound, by their thumbprints: of DPoP (RFC 9449), and of a certificate (RFC 8705). */
export interface Confirmation {
  jkt?: string;
  'x5t#S256'?: string;
}

/** The keys that a request proves: by a proof, and by the certificate with which it came. */
interface Proved {
  proof: Pick<DpopProof, 'jkt'> | undefined;
  certificate: Pick<ClientCertificate, 'thumbprint'> | undefined;
}

/** The keys that a request proves, as far as its client's tokens are bound to them. Undefined for none. */
export function confirmationOf(
  { certificateBoundAccessTokens }: Pick<Client, 'certificateBoundAccessTokens'>,
  { proof, certificate }: Proved,
): Confirmation | undefined {
  const bound = certificateBoundAccessTokens ? certificate : undefined;
  if (!bound) return proof && { jkt: proof.jkt };
  return { ...(proof && { jkt: proof.jkt }), 'x5t#S256': bound.thumbprint };
}

const CERTIFICATE = 'x5t#S256:';

/**
 * The text that a row keeps of it, as its `jkt`: an older release knows that member, and refuses a row in which it is
 * something else than the thumbprint of the proof (grants/known-members.ts).
 */
export function bindingOf(cnf: Confirmation | undefined): string | undefined {
  if (cnf?.['x5t#S256'] === undefined) return cnf?.jkt;
  return [cnf.jkt ?? [], CERTIFICATE + cnf['x5t#S256']].flat().join(' ');
}

/** Reads that text again. */
export function confirmationIn(binding: unknown): Confirmation | undefined {
  if (binding === undefined) return undefined;
  const parts = String(binding).split(' ');
  const certificate = parts.find((part) => part.startsWith(CERTIFICATE));
  const jkt = parts.find((part) => !part.startsWith(CERTIFICATE));
  return {
    ...(jkt === undefined ? {} : { jkt }),
    ...(certificate === undefined ? {} : { 'x5t#S256': certificate.slice(CERTIFICATE.length) }),
  };
}
