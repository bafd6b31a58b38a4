import type { Command } from './command.ts';
import { readNewPassword } from './new-password.ts';

export const passwordHash: Command = {
  name: 'password hash',
  operands: [],
  options: { about: 'WORDS' },
  summary:
    'Read a password from standard input and print its argon2id hash, for people.password_hash. A password that is easy to guess is refused; WORDS are what an attacker knows: "ada@acme.example Ada Lovelace Acme".',
  async run(context, _operands, { options: { about = '' } }) {
    context.print(await readNewPassword(context, [about]));
  },
};
