import type { Knex } from 'knex';
import { DatabaseAwayError, OperatorError } from '../errors.ts';
import { describeAddress, type PostgresAddress } from './address.ts';
import { ReadOnlyNode } from './sqlstates.ts';

const OLDEST_MAJOR = 15;

/**
 * Makes sure that the Postgres of DATABASE_URL answers and is recent enough.
 * @throws OperatorError that says what is wrong, without the URL's password; a DatabaseAwayError if waiting may help.
 */
export async function checkPostgres(pool: Knex, address: PostgresAddress): Promise<void> {
  const place = describeAddress(address);
  try {
    const { rows } = await pool.raw(
      "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding",
    );
    const [{ version, encoding }] = rows;
    const major = Math.floor(Number(version) / 10_000);
    if (major < OLDEST_MAJOR)
      throw new OperatorError(`${place} is version ${major}; version ${OLDEST_MAJOR} or later is needed.`);
    if (encoding !== 'UTF8')
      throw new OperatorError(
        `${place} has the encoding ${encoding}, and UTF8 is needed. Make another database: CREATE DATABASE listo ENCODING 'UTF8' TEMPLATE template0.`,
      );
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    const { code = '', message } = error as { code?: string; message: string };
    if (WANTS_A_PASSWORD.test(message))
      throw new OperatorError(`${place} asks for a password, and DATABASE_URL has none.`, { cause: error });
    if (HAS_NO_TLS.test(message))
      throw new OperatorError(
        `${place} offers no TLS, which DATABASE_URL demands. Turn it on there (ssl = on), or write sslmode=disable.`,
        { cause: error },
      );
    const Kind = MUST_BE_CORRECTED.test(code) || IS_TLS.test(code) ? OperatorError : DatabaseAwayError;
    const sentence =
      error instanceof ReadOnlyNode
        ? `${place} can only be read. Name the node that can be written to in DATABASE_URL, or wait until this one is.`
        : explain({ code, message }, place);
    throw new Kind(sentence, { cause: error });
  }
}

const IS_TLS = /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_|ERR_(TLS|SSL|OSSL)_)/;

/**
 * Errors that waiting does not mend: SQLSTATE classes 28 (authentication), 3D (no such database), 22 and 42 (wrong
 * `options`); a socket that belongs to somebody else; a certificate that is not trusted or does not fit its key. An
 * unknown host is not among them: the name server may be away.
 */
const MUST_BE_CORRECTED = /^(28|3D|22|42|EACCES)/;

/** The message of `pg` when Postgres asks for SCRAM and there is no password. It has no code. */
const WANTS_A_PASSWORD = /^SASL: .*client password must be a/;

/** The message of `pg` when Postgres declines TLS. It has no code. */
const HAS_NO_TLS = /^The server does not support SSL connections/;

/** Why a certificate is not trusted. A code of Node that is missing here is about the files of DATABASE_URL. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    'shows a certificate for another name. Write the name that the certificate has as host (and the address as hostaddr), or sslmode=verify-ca',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired. Renew it there',
  CERT_NOT_YET_VALID: 'shows a certificate that is not valid yet. Set the clocks of both machines',
};
const NOT_TRUSTED =
  'shows a certificate whose signer this server does not know. Name the file with the certificate of the signer as sslrootcert';
const FILES_UNUSABLE = 'cannot be reached with the files of sslrootcert, sslcert and sslkey. Correct them';

function explainTls(code: string, place: string): string {
  const isUnknown = /^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)_)/.test(code);
  return `${place} ${CERTIFICATES[code] ?? (isUnknown ? NOT_TRUSTED : FILES_UNUSABLE)} (${code}).`;
}

function explain({ code, message }: { code: string; message: string }, place: string): string {
  if (/^(22|42)/.test(code))
    return `${place} refuses what DATABASE_URL says: ${message}. Correct its options.`;
  if (IS_TLS.test(code)) return explainTls(code, place);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${place}: the host is not known (${code}). Correct DATABASE_URL.`;
    case '28P01':
    case '28000':
      return `${place} refuses to let this server in: ${message}. Correct the user and password of DATABASE_URL.`;
    case '3D000':
      return `${place} has no such database: ${message}. Create it, or correct DATABASE_URL.`;
    case '53300':
      return `${place} has no connection left for this server: ${message}. Allow it more, or end what holds them.`;
    case '57P03':
      return `${place} does not serve yet, or no longer: ${message}.`;
    default:
      return `${place} does not answer (${code || message}). Start it, or correct DATABASE_URL.`;
  }
}
