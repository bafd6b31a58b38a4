import type { X509Certificate } from 'node:crypto';

/**
 * The one spelling of a distinguished name, for comparing: its attributes by object identifier, outermost first, and
 * their values without escapes. Values are compared letter by letter: somebody who gets a certificate for `acme` is not
 * `Acme`.
 */
type CanonicalName = string;

/** The short names of RFC 4519 and OpenSSL. Others are compared as they are written, in lower case. */
const IDENTIFIERS: Readonly<Record<string, string>> = {
  cn: '2.5.4.3',
  commonname: '2.5.4.3',
  sn: '2.5.4.4',
  surname: '2.5.4.4',
  serialnumber: '2.5.4.5',
  c: '2.5.4.6',
  countryname: '2.5.4.6',
  l: '2.5.4.7',
  localityname: '2.5.4.7',
  st: '2.5.4.8',
  stateorprovincename: '2.5.4.8',
  street: '2.5.4.9',
  streetaddress: '2.5.4.9',
  o: '2.5.4.10',
  organizationname: '2.5.4.10',
  ou: '2.5.4.11',
  organizationalunitname: '2.5.4.11',
  title: '2.5.4.12',
  businesscategory: '2.5.4.15',
  postalcode: '2.5.4.17',
  gn: '2.5.4.42',
  givenname: '2.5.4.42',
  dnqualifier: '2.5.4.46',
  organizationidentifier: '2.5.4.97',
  uid: '0.9.2342.19200300.100.1.1',
  userid: '0.9.2342.19200300.100.1.1',
  dc: '0.9.2342.19200300.100.1.25',
  domaincomponent: '0.9.2342.19200300.100.1.25',
  e: '1.2.840.113549.1.9.1',
  emailaddress: '1.2.840.113549.1.9.1',
  jurisdictionl: '1.3.6.1.4.1.311.60.2.1.1',
  jurisdictionst: '1.3.6.1.4.1.311.60.2.1.2',
  jurisdictionc: '1.3.6.1.4.1.311.60.2.1.3',
};

/** Node writes an attribute a line, outermost first, and escapes as RFC 4514 does. */
export function subjectOf({ subject }: X509Certificate): CanonicalName | undefined {
  const names = (subject ?? '').split('\n').map((line) => readNames(line));
  return names.every((name) => name?.length === 1) ? JSON.stringify(names.flat()) : undefined;
}

/** Reads a name as RFC 4514 writes it, innermost first. Undefined for other text. */
export function canonicalName(text: string): CanonicalName | undefined {
  const names = readNames(text);
  return names && JSON.stringify(names.reverse());
}

/** A type, a value with escapes, and the separator behind it. */
const ATTRIBUTE = /\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=((?:[^\\,+]|\\.)*)([,+]|$)/sy;

/** The relative names between commas, each as its sorted attributes. */
function readNames(text: string): string[][] | undefined {
  const names: string[][] = [];
  let attributes: string[] = [];
  ATTRIBUTE.lastIndex = 0;
  let end: string | undefined = ',';
  while (end) {
    const [found, type = '', escaped = '', separator] = ATTRIBUTE.exec(text) ?? [];
    const value = found === undefined ? undefined : readValue(escaped);
    if (value === undefined) return undefined;
    attributes.push(`${IDENTIFIERS[type.toLowerCase()] ?? type.toLowerCase()}=${value}`);
    if (separator !== '+') {
      names.push(attributes.sort());
      attributes = [];
    }
    end = separator;
  }
  return names;
}

/** Undefined for bytes that are no text. Spaces around a value are no part of it, unless they are escaped. */
function readValue(escaped: string): string | undefined {
  const trimmed = escaped.replaceAll(/^ +| +$/g, '');
  const text = endsWithEscape(trimmed) ? `${trimmed} ` : trimmed;
  if (text.startsWith('#')) return textOfBer(text.slice(1));
  const bytes: Buffer[] = [];
  for (const [, hex, character, plain] of text.matchAll(/\\([0-9A-Fa-f]{2})|\\(.)|([^\\]+)/gsu))
    bytes.push(hex === undefined ? Buffer.from(character ?? plain ?? '') : Buffer.from(hex, 'hex'));
  return utf8(Buffer.concat(bytes));
}

/** Whether the character behind a text was escaped. */
function endsWithEscape(text: string): boolean {
  return (/\\+$/.exec(text)?.[0].length ?? 0) % 2 === 1;
}

/** UTF8String, PrintableString and IA5String. */
const TEXT_TAGS = [0x0c, 0x13, 0x16];
const SHORT_LENGTH = 0x80;

/** RFC 4514 section 2.4: a value whose type has no name stands there as the hexadecimal form of its BER. */
function textOfBer(hex: string): string | undefined {
  const bytes = Buffer.from(hex, 'hex');
  const [tag = 0, length = 0] = bytes;
  const isText = TEXT_TAGS.includes(tag) && length < SHORT_LENGTH && length === bytes.length - 2;
  return isText && bytes.length * 2 === hex.length ? utf8(bytes.subarray(2)) : undefined;
}

function utf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
