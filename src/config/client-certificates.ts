import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  CERTIFICATE_FORMS,
  type CertificateForm,
  type CertificateHeader,
} from '../clients/certificates/certificate-header.ts';
import type { Variables } from './variables.ts';

/** The certificates of clients (RFC 8705). */
export interface ClientCertificateSettings {
  /** Undefined: off, and no header is read. */
  header: CertificateHeader | undefined;
  /** The issuers of clients that are known by a name (`tls_client_auth`). Without one there are no such clients. */
  issuers: readonly X509Certificate[];
  /** The origin at which clients connect with certificates, where it is not the issuer's. */
  origin: string | undefined;
}

const USUAL_NAMES: Record<CertificateForm, string> = {
  rfc9440: 'client-cert',
  nginx: 'x-ssl-client-cert',
  haproxy: 'x-ssl-client-der',
  envoy: 'x-forwarded-client-cert',
};

/** Headers that mean something else already. */
const TAKEN =
  /^(authorization|proxy-authorization|cookie|dpop|host|forwarded|x-forwarded-for|x-request-id|origin|(content|accept|if|access|sec)-?.*)$/;

export function readClientCertificates(
  variables: Variables,
  { trustedProxies, production }: { trustedProxies: readonly string[]; production: boolean },
): ClientCertificateSettings {
  const { mistakes } = variables;
  const header = readHeader(variables);
  const issuers = readIssuers(variables);
  const origin = variables.origin('CLIENT_CERTIFICATE_ORIGIN');
  if (header && trustedProxies.length === 0)
    mistakes.push('CLIENT_CERTIFICATE_HEADER needs TRUSTED_PROXIES: nobody else may send that header.');
  for (const name of ['CLIENT_CERTIFICATE_CA', 'CLIENT_CERTIFICATE_ORIGIN'])
    if (variables.text(name) !== undefined && variables.text('CLIENT_CERTIFICATE_HEADER') === undefined)
      mistakes.push(`${name} needs CLIENT_CERTIFICATE_HEADER, in which the proxy sends the certificate.`);
  if (production && origin?.startsWith('http:'))
    mistakes.push('CLIENT_CERTIFICATE_ORIGIN must be https in production.');
  return { header, issuers, origin };
}

function readHeader(variables: Variables): CertificateHeader | undefined {
  const text = variables.text('CLIENT_CERTIFICATE_HEADER');
  if (text === undefined) return undefined;
  const [before = '', after, more] = text.split(':');
  const form = CERTIFICATE_FORMS.find((known) => known === before);
  const name = (after ?? (form && USUAL_NAMES[form]) ?? '').toLowerCase();
  if (form && more === undefined && /^[a-z0-9-]{1,64}$/.test(name) && !TAKEN.test(name))
    return { form, name };
  variables.mistakes.push(
    `CLIENT_CERTIFICATE_HEADER is "${text}"; it takes one of ${CERTIFICATE_FORMS.join(', ')}, and behind a colon the name of a header that has no other use, such as nginx:X-SSL-Client-Cert.`,
  );
  return undefined;
}

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** The name constraints of an issuer (RFC 5280 section 4.2.1.10), as its extension is encoded. */
const NAME_CONSTRAINTS = Buffer.from('0603551d1e', 'hex');

function readIssuers(variables: Variables): X509Certificate[] {
  const file = variables.text('CLIENT_CERTIFICATE_CA');
  if (file === undefined) return [];
  const mistake = (why: string): never[] => {
    variables.mistakes.push(`CLIENT_CERTIFICATE_CA names ${file}, ${why}.`);
    return [];
  };
  try {
    const issuers = (readFileSync(file, 'utf8').match(PEM) ?? []).map((pem) => new X509Certificate(pem));
    if (issuers.length === 0) return mistake('which has no certificate in PEM form');
    if (!issuers.every(({ ca }) => ca)) return mistake('in which a certificate is of no issuer (CA)');
    if (issuers.some(({ raw }) => raw.includes(NAME_CONSTRAINTS)))
      return mistake('in which an issuer is limited to some names, which this server would not observe');
    return issuers;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return mistake(
      code?.startsWith('E') && !code.startsWith('ERR_')
        ? `which cannot be read (${code})`
        : 'in which a certificate cannot be read',
    );
  }
}
