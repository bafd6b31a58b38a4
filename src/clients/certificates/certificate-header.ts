import type { IncomingHttpHeaders } from 'node:http';
import { createRecent } from '../../platform/copies/recent.ts';
import { OAuthError } from '../oauth-error.ts';
import { type ClientCertificate, readCertificate } from './client-certificate.ts';
import { forwardedCertificate } from './forwarded-certificate.ts';

/** The header in which proxies say which certificate a client has, and how it is written there. */
export interface CertificateHeader {
  /** In lower case. */
  name: string;
  form: CertificateForm;
}

/** The standard's own (RFC 9440), and those of three proxies. */
export const CERTIFICATE_FORMS = ['rfc9440', 'nginx', 'haproxy', 'envoy'] as const;
export type CertificateForm = (typeof CERTIFICATE_FORMS)[number];

/**
 * Reads the certificate of a request; undefined where it has none. The headers of strangers have none
 * (http/records/access-log.ts).
 * @throws OAuthError `invalid_request` for a header that has anything but one certificate.
 */
export type CertificateReader = (headers: IncomingHttpHeaders) => ClientCertificate | undefined;

/** A certificate of usual size has two thousand characters. */
const MOST_CHARACTERS = 16 * 1024;
/** Clients send the same certificate again and again. */
const MOST_REMEMBERED = 500;

export function createCertificateReader(header: CertificateHeader | undefined): CertificateReader {
  if (!header) return () => undefined;
  const { name, form } = header;
  const known = createRecent<ClientCertificate>({ max: MOST_REMEMBERED });
  return (headers) => {
    const text = headers[name];
    if (!text) return undefined;
    const value = String(text);
    let certificate = known.get(value);
    if (!certificate) {
      certificate = read(value, form);
      known.set(value, certificate);
    }
    return certificate;
  };
}

const FORMS: Record<CertificateForm, (text: string) => string | undefined> = {
  // A byte sequence of RFC 8941. Two headers arrive as a list, which none of these matches.
  rfc9440: (text) => /^:([A-Za-z0-9+/]+={0,2}):$/.exec(text)?.[1],
  haproxy: (text) => /^[A-Za-z0-9+/]+={0,2}$/.exec(text)?.[0],
  nginx: (text) => insidePem(decodeURIComponent(text)),
  envoy: (text) => insidePem(decodeURIComponent(forwardedCertificate(text) ?? '')),
};

function read(text: string, form: CertificateForm): ClientCertificate {
  try {
    const base64 = text.length > MOST_CHARACTERS ? undefined : FORMS[form](text);
    if (base64 !== undefined) return readCertificate(Buffer.from(base64, 'base64'));
  } catch {
    // The same answer as below.
  }
  throw new OAuthError(
    'invalid_request',
    'the header with the client certificate has no single certificate',
    {
      why: { reason: 'certificate.unreadable', expected: { form } },
    },
  );
}

/** One certificate, with nothing around it. */
function insidePem(text: string): string | undefined {
  const block = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(text);
  return block?.[1]?.replaceAll(/\s/g, '');
}
