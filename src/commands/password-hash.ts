import { hashPassword } from '../platform/digest.ts';
import { OperatorError } from '../platform/errors.ts';
import type { Command } from './command.ts';
import { readSecret } from './read-secret.ts';

export const passwordHash: Command = {
  name: 'password hash',
  operands: [],
  summary: 'Read a password from standard input and print its argon2id hash, for people.password_hash.',
  async run(context) {
    const password = await readSecret(context, 'Password');
    // A person who cannot see the password types it twice.
    if (context.input.isTTY && (await readSecret(context, 'Again')) !== password)
      throw new OperatorError('The two are not the same.');
    context.print(await hashPassword(password));
  },
};
