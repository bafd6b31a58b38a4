import type { X509Certificate } from 'node:crypto';
import type { Refusal } from '../../refusals/reasons.ts';
import { instant, shown } from '../../refusals/shown.ts';
import { type ClientCertificate, isInTime } from './client-certificate.ts';

/** Says why a certificate is not one of an issuer that the operator trusts; undefined where it is. */
export type CertificateIssuers = (certificate: ClientCertificate, now: Date) => IssuerRefusal | undefined;

export interface IssuerRefusal {
  detail: string;
  why: Refusal;
}

/** Extended key usages (RFC 5280 section 4.2.1.12): client authentication, and any. */
const FOR_CLIENTS = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

/**
 * Compares certificates with the configured issuers. Each of these is trusted by itself, so a chain has one step, and no
 * certificate that a stranger sends takes part.
 */
export function createCertificateIssuers(issuers: readonly X509Certificate[]): CertificateIssuers {
  const signedBy = new WeakMap<ClientCertificate, readonly X509Certificate[]>();

  return (certificate, now) => {
    const { x509 } = certificate;
    const signers = signedBy.get(certificate) ?? issuers.filter((issuer) => hasSigned(issuer, x509));
    signedBy.set(certificate, signers);
    if (signers.length === 0)
      return {
        detail: 'the certificate is of no issuer in CLIENT_CERTIFICATE_CA',
        why: { reason: 'certificate.issuer_unknown', came: issuerOf(x509) },
      };
    if (!signers.some((issuer) => isInTime(issuer, now)))
      return {
        detail: 'the issuer of the certificate has expired',
        why: { reason: 'certificate.issuer_expired', came: issuerOf(x509), expected: { now: instant(now) } },
      };
    if (x509.keyUsage && !x509.keyUsage.some((usage) => FOR_CLIENTS.includes(usage)))
      return { detail: 'the certificate is not for clients', why: notForClients(x509.keyUsage) };
    return undefined;
  };
}

function issuerOf({ issuer }: X509Certificate): { issuer: string | string[] } {
  return { issuer: shown(issuer.split('\n').reverse().join(',')) };
}

function notForClients(usages: readonly string[]): Refusal {
  return {
    reason: 'certificate.not_for_clients',
    came: { extended_key_usage: usages },
    expected: { extended_key_usage: FOR_CLIENTS },
  };
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
