/**
 * The certificates with which clients connect (RFC 8705). A proxy in front ends their TLS, and says in a header which
 * certificate a client has proved to hold. A file for each form of that header's content, and for each fact that is
 * read from a certificate.
 */
import { createHash, X509Certificate } from 'node:crypto';

export interface ClientCertificate {
  /** The SHA-256 of the certificate (`x5t#S256`, RFC 8705 section 3.1). */
  thumbprint: string;
  x509: X509Certificate;
}

/** @throws Error for anything but one certificate. */
export function readCertificate(der: Buffer): ClientCertificate {
  const x509 = new X509Certificate(der);
  if (!x509.raw.equals(der)) throw new Error('something follows the certificate');
  return { thumbprint: thumbprintOf(der), x509 };
}

export function thumbprintOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('base64url');
}

/** Whether a certificate is valid now, by its own dates. */
export function isInTime({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}
