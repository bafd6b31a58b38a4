import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Trusts the certificates of a PEM file in this process, besides those that Node has: the suite's own, or its
 * authority's. The server sends logout tokens there.
 */
export function trustSuiteCertificate(file: string): void {
  setDefaultCACertificates([...getCACertificates('default'), ...certificatesIn(file)]);
}

function certificatesIn(file: string): string[] {
  const blocks = readFileSync(file, 'utf8').match(BLOCK);
  if (!blocks) throw new Error(`${file} has no certificate in PEM.`);
  try {
    return blocks.map((block) => new X509Certificate(block).toString());
  } catch (cause) {
    throw new Error(`${file} has a certificate that nobody can read.`, { cause });
  }
}
