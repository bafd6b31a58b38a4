import type { X509Certificate } from 'node:crypto';
import { canonicalAddress } from '../../platform/network/addresses.ts';

/** The kinds of alternative names by which a client may be registered (RFC 8705 section 2.1.2), as Node names them. */
const KINDS = { dns: 'DNS', uri: 'URI', ip: 'IP Address', email: 'email' } as const;
export type AlternativeName = keyof typeof KINDS;

/** Node quotes a value with a separator in it, as JSON. */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/** Whether a certificate has a name of this kind. A name with a wildcard is a name like any other. */
export function hasAlternativeName(
  { subjectAltName = '' }: X509Certificate,
  kind: AlternativeName,
  value: string,
): boolean {
  const wanted = canonical(kind, value);
  return namesOf(subjectAltName).some(
    ([label, text]) => label === KINDS[kind] && canonical(kind, text) === wanted,
  );
}

/** The names of this kind in a certificate. */
export function alternativeNamesOf(
  { subjectAltName = '' }: X509Certificate,
  kind: AlternativeName,
): string[] {
  return namesOf(subjectAltName).flatMap(([label, text]) => (label === KINDS[kind] ? [text] : []));
}

function namesOf(text: string): [label: string, value: string][] {
  const names: [string, string][] = [];
  NAME.lastIndex = 0;
  while (NAME.lastIndex < text.length) {
    const [found, label = '', value = ''] = NAME.exec(text) ?? [];
    if (!found) return [];
    names.push([label, value.startsWith('"') ? JSON.parse(value) : value]);
  }
  return names;
}

function canonical(kind: AlternativeName, value: string): string {
  if (kind === 'dns') return value.toLowerCase();
  if (kind === 'ip') return canonicalAddress(value) ?? value;
  if (kind === 'email') return value.replace(/@[^@]*$/, (domain) => domain.toLowerCase());
  return value;
}
