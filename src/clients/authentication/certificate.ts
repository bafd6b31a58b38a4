import { hasAlternativeName } from '../certificates/alternative-names.ts';
import type { CertificateIssuers } from '../certificates/certificate-issuers.ts';
import { type ClientCertificate, isInTime, thumbprintOf } from '../certificates/client-certificate.ts';
import { canonicalName, subjectOf } from '../certificates/distinguished-name.ts';
import type { CertificateAuthentication, Client } from '../client.ts';
import type { ClientKeys } from '../keys/client-keys.ts';
import { KeysUnavailable } from '../keys/published-keys.ts';
import type { KeySet } from '../keys/read-key-set.ts';
import { notInTime, otherName } from './certificate-refusals.ts';
import { invalidClient, invalidClientBecause, unavailableKeys } from './errors.ts';

export interface CertificateDependencies {
  certificateIssuers: CertificateIssuers;
  clientKeys: ClientKeys;
}

/**
 * Verifies that a certificate is the client's (RFC 8705 section 2). The proxy has verified that the sender holds its
 * key, and nothing else counts that a proxy may have verified.
 * @throws OAuthError `invalid_client`.
 */
export async function verifyCertificate(
  certificate: ClientCertificate,
  { client, now, ...expected }: { client: Client; authentication: CertificateAuthentication; now: Date },
  dependencies: CertificateDependencies,
): Promise<void> {
  if (!isInTime(certificate.x509, now))
    throw invalidClientBecause(
      'the client certificate has expired, or is not valid yet',
      notInTime(certificate, now),
    );
  const { authentication } = expected;
  if (authentication.method === 'self_signed_tls_client_auth')
    return requireOwnCertificate(certificate, client, dependencies);
  const refusal = dependencies.certificateIssuers(certificate, now);
  if (refusal !== undefined) throw invalidClient(refusal.detail, refusal.why);
  if (!hasName(certificate, authentication))
    throw invalidClient(
      'the certificate has another name than the registration',
      otherName(certificate, authentication),
    );
}

function hasName(
  { x509 }: ClientCertificate,
  { name, value }: CertificateAuthentication & { method: 'tls_client_auth' },
): boolean {
  if (name !== 'dn') return hasAlternativeName(x509, name, value);
  const subject = subjectOf(x509);
  return subject !== undefined && subject === canonicalName(value);
}

/** The certificates in the client's keys (RFC 8705 section 2.2), each by its thumbprint. */
const ownCertificates = new WeakMap<KeySet, ReadonlySet<string>>();

function thumbprintsIn(set: KeySet): ReadonlySet<string> {
  const known =
    ownCertificates.get(set) ??
    new Set(
      set.keys.flatMap(({ x5c: [first] = [] }) =>
        first === undefined ? [] : [thumbprintOf(Buffer.from(first, 'base64'))],
      ),
    );
  ownCertificates.set(set, known);
  return known;
}

async function requireOwnCertificate(
  { thumbprint }: ClientCertificate,
  client: Client,
  { clientKeys }: CertificateDependencies,
): Promise<void> {
  const known = await clientKeys.of(client).catch((error) => {
    throw error instanceof KeysUnavailable ? unavailableKeys(client.jwksUri, error.message) : error;
  });
  if (thumbprintsIn(known).has(thumbprint)) return;
  const newer = await clientKeys.newerThan(known, client);
  if (newer === undefined || !thumbprintsIn(newer).has(thumbprint))
    throw invalidClient('the certificate is none of those in the keys of the client', {
      reason: 'certificate.not_among_keys',
      came: { 'x5t#S256': thumbprint },
      expected: { 'x5t#S256': [...thumbprintsIn(newer ?? known)] },
    });
}
