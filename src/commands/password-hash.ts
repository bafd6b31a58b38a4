import type { Command } from './command.ts';
import { readNewPassword } from './new-password.ts';
import { jsonOf } from './registered/written.ts';

export const passwordHash: Command = {
  name: 'password hash',
  operands: [],
  options: { about: 'WORDS' },
  switches: ['json'],
  summary:
    'Read a password from standard input and print its argon2id hash, for people.password_hash. A password that is easy to guess is refused.',
  words: { about: 'Words that an attacker knows of the person, such as their address, name and company.' },
  examples: ['password hash --about "ada@acme.example Ada Lovelace Acme"'],
  async run(context, _operands, { options: { about = '' }, switches }) {
    const hash = await readNewPassword(context, [about]);
    context.print(switches.has('json') ? jsonOf({ hash }) : hash);
  },
};
