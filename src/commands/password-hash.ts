import { mistakeOfPassword } from '../accounts/password-rule.ts';
import { OperatorError } from '../platform/errors.ts';
import { hashPassword } from '../platform/secrets/digest.ts';
import type { Command } from './command.ts';
import { readSecret } from './read-secret.ts';

export const passwordHash: Command = {
  name: 'password hash',
  operands: [],
  options: { about: 'WORDS' },
  summary:
    'Read a password from standard input and print its argon2id hash, for people.password_hash. A password that is easy to guess is refused; WORDS are what an attacker knows: "ada@acme.example Ada Lovelace Acme".',
  async run(context, _operands, { options: { about = '' } }) {
    const password = await readSecret(context, 'Password');
    const mistake = await mistakeOfPassword(password, { about: [about] });
    if (mistake) throw new OperatorError(mistake);
    // A person who cannot see the password types it twice.
    if (context.input.isTTY && (await readSecret(context, 'Again')) !== password)
      throw new OperatorError('The two are not the same.');
    context.print(await hashPassword(password));
  },
};
