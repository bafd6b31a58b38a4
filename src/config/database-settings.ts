import { AddressMistake, parsePostgresAddress } from '../platform/postgres/address.ts';
import type { Variables } from './variables.ts';

export type DatabaseSettings =
  | {
      kind: 'postgres';
      url: string;
      /** The connections for requests: the most, and those that stay open when idle. */
      poolSize: number;
      poolMin: number;
    }
  | { kind: 'embedded'; dataDir: string };

/** Notes mistakes in `variables`. Without DATABASE_URL, the database is the embedded one. */
export function readDatabaseSettings(
  variables: Variables,
  { production, dataDir }: { production: boolean; dataDir: string },
): DatabaseSettings {
  const url = variables.secret('DATABASE_URL');
  const poolSize = variables.wholeNumber('DATABASE_POOL_SIZE', { fallback: 10, low: 2, high: 1000 });
  const poolMin = variables.wholeNumber('DATABASE_POOL_MIN', {
    fallback: 2,
    low: 0,
    high: poolSize,
  });
  if (url === undefined) {
    if (production)
      variables.mistakes.push(
        'DATABASE_URL is required in production: the embedded database is for trying and developing.',
      );
    return { kind: 'embedded', dataDir };
  }
  if (url !== '') checkAddress(url, variables);
  return { kind: 'postgres', url, poolSize, poolMin };
}

/** The value holds a password, so messages must not repeat it. */
function checkAddress(url: string, { mistakes }: Variables): void {
  try {
    parsePostgresAddress(url);
  } catch (error) {
    if (!(error instanceof AddressMistake)) throw error;
    mistakes.push(
      `DATABASE_URL cannot be used: ${error.message}. It takes postgres://user:password@host:5432/database, percent-encoded, or host=… dbname=….`,
    );
  }
}
