import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** What `pg` hands to Node's TLS. */
export type Tls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'checkServerIdentity' | 'servername'
>;

/**
 * What `sslmode` and the files beside it ask for. `require` verifies as `verify-full` does: a connection that anybody
 * can sit in the middle of is not what it is asked for. `no-verify` is for those who want just that.
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
    // libpq's word for the certificates that the machine trusts, which is what Node does by itself.
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
