import { createLeakedPasswords } from '../accounts/leaked-passwords.ts';
import { createNewPasswords, createPasswordJudge, type NewPasswords } from '../accounts/new-password.ts';
import type { Config } from '../config.ts';
import type { Foundation } from './foundation.ts';

/** The one rule for passwords, for every page on which somebody chooses one. */
export interface PasswordParts {
  newPasswords: NewPasswords;
}

export function composePasswords(
  {
    hashes,
    outboundFetch: fetch,
    logger,
    metrics,
  }: Pick<Foundation, 'hashes' | 'outboundFetch' | 'logger' | 'metrics'>,
  { cost, rangeUrl: url }: Config['passwords'],
): PasswordParts {
  const leaked = url === undefined ? undefined : createLeakedPasswords({ url, fetch, logger, metrics });
  return { newPasswords: createNewPasswords({ judge: createPasswordJudge({ leaked }), hashes, cost }) };
}
