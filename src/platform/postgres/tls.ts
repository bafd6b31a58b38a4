import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';

/** The options that `pg` passes to Node's TLS. */
export type Tls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'checkServerIdentity' | 'servername'
>;

/**
 * Reads `sslmode` and its files. `require` verifies as `verify-full` does: without that, anybody could sit in the
 * middle of the connection. `no-verify` turns verification off.
 */
export function readTls(
  {
    sslmode,
    sslrootcert,
    sslcert,
    sslkey,
  }: { sslmode?: string; sslrootcert?: string; sslcert?: string; sslkey?: string },
  mistake: (sentence: string) => Error,
): Tls | false | undefined {
  const read = (name: string, file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw mistake(`${name} names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  const files: Tls = {
    // In libpq, `system` means the certificates that the machine trusts. Node uses those by default.
    ...(sslrootcert && sslrootcert !== 'system' ? { ca: read('sslrootcert', sslrootcert) } : {}),
    ...(sslcert ? { cert: read('sslcert', sslcert) } : {}),
    ...(sslkey ? { key: read('sslkey', sslkey) } : {}),
  };
  requireUsable(files, { sslrootcert, sslcert, sslkey }, mistake);
  switch (sslmode) {
    case undefined:
      return Object.keys(files).length === 0 ? undefined : files;
    case 'disable':
      return false;
    case 'require':
    case 'verify-full':
      return files;
    case 'verify-ca':
      return { ...files, checkServerIdentity: () => undefined };
    case 'no-verify':
      return { ...files, rejectUnauthorized: false };
    default:
      throw mistake('sslmode takes disable, no-verify, require, verify-ca or verify-full');
  }
}

/** Node would pass over text that is no certificate, and every certificate of Postgres would seem to be untrusted. */
function requireUsable(
  { ca, cert, key }: Tls,
  names: { sslrootcert: string | undefined; sslcert: string | undefined; sslkey: string | undefined },
  mistake: (sentence: string) => Error,
): void {
  for (const [name, content] of [
    ['sslrootcert', ca],
    ['sslcert', cert],
  ] as const) {
    if (content && !isCertificate(content as Buffer))
      throw mistake(`${name} names ${names[name]}, which holds no certificate`);
  }
  try {
    createSecureContext({ ...(cert ? { cert } : {}), ...(key ? { key } : {}) });
  } catch {
    throw mistake(
      `sslcert (${names.sslcert ?? 'none'}) and sslkey (${names.sslkey ?? 'none'}) do not fit together`,
    );
  }
}

function isCertificate(content: Buffer): boolean {
  try {
    return new X509Certificate(content).subject !== undefined;
  } catch {
    return false;
  }
}
