import { parseArgs } from 'node:util';
import { isDatabaseUnavailable } from '../platform/database.ts';
import { OperatorError } from '../platform/errors.ts';
import { clientSecret } from './client-secret.ts';
import type { Command, CommandContext } from './command.ts';
import { keysDrop, keysList, keysReseal, keysRotate } from './keys.ts';
import { migrate } from './migrate.ts';
import { passwordHash } from './password-hash.ts';
import { seal } from './seal.ts';
import { seed } from './seed.ts';

const SUCCESS = 0;
const FAILURE = 1;
const WRONG_USAGE = 2;

const help: Command = {
  name: 'help',
  operands: [],
  summary: 'Print this.',
  async run({ print }) {
    print(usage());
  },
};

const COMMANDS: readonly Command[] = [
  seed,
  migrate,
  clientSecret,
  passwordHash,
  seal,
  keysList,
  keysRotate,
  keysDrop,
  keysReseal,
  help,
];

/** Runs what the words of a command line ask for and answers the exit code: 0, 1 for a failure, 2 for a wrong call. */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<number> {
  const call = understood(words);
  if ('mistake' in call) {
    context.say(`${call.mistake}\n\n${usage()}\n`);
    return WRONG_USAGE;
  }
  try {
    await call.command.run(context, call.operands);
    return SUCCESS;
  } catch (error) {
    context.say(`${explained(error)}\n`);
    return FAILURE;
  }
}

/** What is meant. A mistake is named without repeating the words: one of them may be a secret. */
function understood(
  words: readonly string[],
): { command: Command; operands: string[] } | { mistake: string } {
  let parsed: { positionals: string[]; values: { help?: boolean | undefined } };
  try {
    parsed = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    });
  } catch {
    return { mistake: 'There is no such option.' };
  }
  const { positionals, values } = parsed;
  if (values.help) return { command: help, operands: [] };
  if (positionals.length === 0) return { mistake: 'Name a command.' };

  const command = COMMANDS.find(({ name }) => `${positionals.join(' ')} `.startsWith(`${name} `));
  if (!command) return { mistake: 'There is no such command.' };
  const operands = positionals.slice(command.name.split(' ').length);
  if (operands.length !== command.operands.length) {
    const wanted = command.operands.join(' ') || 'nothing';
    return { mistake: `${command.name} takes ${wanted} behind it.` };
  }
  return { command, operands };
}

function usage(): string {
  const calls = COMMANDS.map(({ name, operands, summary }) => {
    const call = [name, ...operands].join(' ');
    return `  ${call}\n      ${summary}`;
  });
  return `Usage: npm run cli -- COMMAND\n\n${calls.join('\n')}`;
}

function explained(error: unknown): string {
  if (error instanceof OperatorError) return error.message;
  if (isDatabaseUnavailable(error)) return `The database went away: ${(error as Error).message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
