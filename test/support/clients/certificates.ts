import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { thumbprintOf } from '../../../src/clients/certificates/client-certificate.ts';

/** A certificate of a client, or of an issuer, with its key. */
export interface TestCertificate {
  der: Buffer;
  pem: string;
  /** `x5t#S256`. */
  thumbprint: string;
  privateKey: KeyObject;
  privatePem: string;
  /** The public key with the certificate, for a client's `jwks`. */
  jwk: object;
  subject: readonly Attribute[];
}

/** The type's object identifier, and its value. Several in one array make one relative name. */
type Attribute = readonly [type: string, value: string] | readonly (readonly [type: string, value: string])[];
type AlternativeName = { kind: keyof typeof ALTERNATIVE; value: string } | { kind: 'ip'; value: Buffer };

const CN = '2.5.4.3';
const DAY = 24 * 60 * 60 * 1000;
const ALTERNATIVE = { email: 0x81, dns: 0x82, uri: 0x86 } as const;
export const CLIENT_USAGE = '1.3.6.1.5.5.7.3.2';
export const SERVER_USAGE = '1.3.6.1.5.5.7.3.1';

/** Makes an X.509 certificate (RFC 5280), self-signed unless an issuer signs it. */
export function aCertificate({
  subject = [[CN, 'client']],
  issuer,
  names = [],
  usage,
  ca = false,
  rsa = false,
  limited = false,
  from = new Date(Date.now() - DAY),
  until = new Date(Date.now() + DAY),
}: {
  subject?: readonly Attribute[];
  issuer?: TestCertificate;
  names?: readonly AlternativeName[];
  usage?: string;
  ca?: boolean;
  /** Whether its key is of RSA, for TLS ciphers that want it. A self-signed one alone. */
  rsa?: boolean;
  /** Whether it has name constraints. */
  limited?: boolean;
  from?: Date;
  until?: Date;
} = {}): TestCertificate {
  const { privateKey, publicKey } = rsa
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = rsa
    ? sequence(identifier('1.2.840.113549.1.1.11'), tagged(0x05, Buffer.alloc(0)))
    : sequence(identifier('1.2.840.10045.4.3.2'));
  const extensions = [
    ...(ca ? [extension('2.5.29.19', sequence(tagged(0x01, Buffer.from([0xff]))))] : []),
    ...(limited ? [extension('2.5.29.30', sequence())] : []),
    ...(usage === undefined ? [] : [extension('2.5.29.37', sequence(identifier(usage)))]),
    ...(names.length > 0 ? [extension('2.5.29.17', sequence(...names.map(alternativeName)))] : []),
  ];
  const content = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    nameOf(issuer?.subject ?? subject),
    sequence(time(from), time(until)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [tagged(0xa3, sequence(...extensions))] : []),
  );
  const signature = sign('sha256', content, issuer?.privateKey ?? privateKey);
  const der = sequence(content, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    der,
    pem: pemOf('CERTIFICATE', der),
    thumbprint: thumbprintOf(der),
    privateKey,
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    jwk: { ...createPublicKey(privateKey).export({ format: 'jwk' }), x5c: [der.toString('base64')] },
    subject,
  };
}

/** The list of certificates that an issuer revoked (RFC 5280 section 5), in PEM. */
export function aRevocationList(issuer: TestCertificate, revoked: readonly TestCertificate[]): string {
  const [from, until] = [new Date(Date.now() - DAY), new Date(Date.now() + DAY)];
  const entries = revoked.map(({ der }) =>
    sequence(integer(Buffer.from(new X509Certificate(der).serialNumber, 'hex')), time(from)),
  );
  const algorithm = sequence(identifier('1.2.840.10045.4.3.2'));
  const content = sequence(
    integer(Buffer.from([1])),
    algorithm,
    nameOf(issuer.subject),
    time(from),
    time(until),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
  );
  const signature = sign('sha256', content, issuer.privateKey);
  return pemOf(
    'X509 CRL',
    sequence(content, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature]))),
  );
}

function pemOf(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function nameOf(attributes: readonly Attribute[]): Buffer {
  const relative = attributes.map((attribute) => {
    const all = (typeof attribute[0] === 'string' ? [attribute] : attribute) as [string, string][];
    const encoded = all.map(([type, value]) => sequence(identifier(type), tagged(0x0c, Buffer.from(value))));
    return tagged(0x31, Buffer.concat(encoded.sort(Buffer.compare)));
  });
  return sequence(...relative);
}

function alternativeName(name: AlternativeName): Buffer {
  return name.kind === 'ip'
    ? tagged(0x87, name.value)
    : tagged(ALTERNATIVE[name.kind], Buffer.from(name.value));
}

function extension(type: string, value: Buffer): Buffer {
  return sequence(identifier(type), tagged(0x04, value));
}

function time(date: Date): Buffer {
  return tagged(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function identifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = rest.flatMap((number) => {
    const digits = [number & 0x7f];
    for (let more = number >>> 7; more > 0; more >>>= 7) digits.unshift((more & 0x7f) | 0x80);
    return digits;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, content]);
}
