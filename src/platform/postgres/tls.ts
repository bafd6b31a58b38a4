import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

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
      throw mistake(`${name} names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  const files: Tls = {
    // In libpq, `system` means the certificates that the machine trusts. Node uses those by default.
    ...(sslrootcert && sslrootcert !== 'system' ? { ca: read('sslrootcert', sslrootcert) } : {}),
    ...(sslcert ? { cert: read('sslcert', sslcert) } : {}),
    ...(sslkey ? { key: read('sslkey', sslkey) } : {}),
  };
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
