import type { Refusal } from '../../refusals/reasons.ts';
import { instant, shown } from '../../refusals/shown.ts';
import { alternativeNamesOf } from '../certificates/alternative-names.ts';
import type { ClientCertificate } from '../certificates/client-certificate.ts';
import type { CertificateAuthentication } from '../client.ts';

export function notInTime({ x509 }: ClientCertificate, now: Date): Refusal {
  const { validFromDate, validToDate } = x509;
  return {
    reason: 'certificate.not_in_time',
    came: { not_before: instant(validFromDate), not_after: instant(validToDate) },
    expected: { now: instant(now) },
  };
}

/** E-mail addresses are not repeated. */
export function otherName(
  { x509 }: ClientCertificate,
  { name, value }: CertificateAuthentication & { method: 'tls_client_auth' },
): Refusal {
  const column = name === 'dn' ? 'tls_client_auth_subject_dn' : `tls_client_auth_san_${name}`;
  const names = name === 'dn' ? writtenSubject(x509.subject) : alternativeNamesOf(x509, name);
  return {
    reason: 'certificate.other_name',
    came: { [column]: shown(names) },
    expected: { [column]: shown(value) },
  };
}

/** As registrations write it, innermost first (RFC 4514). Node writes an attribute a line, outermost first. */
function writtenSubject(subject: string | undefined): string {
  return (subject ?? '').split('\n').reverse().join(',');
}
