import { createLeakedPasswords } from '../accounts/leaked-passwords.ts';
import { createPasswordJudge } from '../accounts/new-password.ts';
import { OperatorError } from '../platform/errors.ts';
import { createOutboundFetch } from '../platform/network/outbound-fetch.ts';
import { hashPassword } from '../platform/secrets/digest.ts';
import type { CommandContext } from './command.ts';
import { readSecret } from './read-secret.ts';

/**
 * Reads a new password from standard input and returns its hash. `about`: what an attacker knows of the person.
 * @throws OperatorError that says why the password is refused.
 */
export async function readNewPassword(
  context: CommandContext,
  about: readonly (string | null | undefined)[],
): Promise<string> {
  const { cost, rangeUrl: url, outbound } = context.passwords();
  const password = await readSecret(context, 'Password');
  const leaked =
    url === undefined
      ? undefined
      : createLeakedPasswords({
          url,
          fetch: createOutboundFetch(outbound),
          logger: {
            warn: ({ detail }: { detail: string }, text: string) => context.say(`${text}: ${detail}\n`),
          },
          metrics: { countPasswordLookup() {} },
        });
  const mistake = await createPasswordJudge({ leaked })(password, { about });
  if (mistake) throw new OperatorError(mistake);
  // A person who cannot see the password types it twice.
  if (context.input.isTTY && (await readSecret(context, 'Again')) !== password)
    throw new OperatorError('The two are not the same.');
  return hashPassword(password, cost);
}
