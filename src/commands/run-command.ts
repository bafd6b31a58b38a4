import { isDatabaseUnavailable, withoutStatement } from '../platform/database-errors.ts';
import { OperatorError } from '../platform/errors.ts';
import { sourceStack } from '../platform/log/source-stack.ts';
import { isStatementError } from '../platform/seeds/seed-error.ts';
import { audit, auditEvents } from './audit.ts';
import { clientSecretAdd } from './client-secret/add.ts';
import { clientSecretList } from './client-secret/list.ts';
import { clientSecret } from './client-secret/make.ts';
import { clientSecretRevoke } from './client-secret/revoke.ts';
import type { Command, CommandContext } from './command.ts';
import { databaseStats } from './database-stats.ts';
import { deliveriesList, deliveriesRetry, deliveriesShow } from './deliveries.ts';
import { keysDrop, keysList, keysReseal, keysRotate } from './keys.ts';
import { migrate } from './migrate.ts';
import { passwordHash } from './password-hash.ts';
import { personDisable, personEnable } from './person/access.ts';
import { personCreate } from './person/create.ts';
import { personFactors } from './person/factors.ts';
import { personInvite, personReset } from './person/first-password.ts';
import { personSessions, personSignOut } from './person/sessions.ts';
import { KINDS } from './registered/kinds.ts';
import { listCommand } from './registered/list.ts';
import { showCommand } from './registered/show.ts';
import { seal } from './seal.ts';
import { seed } from './seed.ts';
import { subjectOf, understandCall } from './understand-call.ts';

const SUCCESS = 0;
const FAILURE = 1;
const WRONG_USAGE = 2;

const INSUFFICIENT_PRIVILEGE = '42501';
/** The SQLSTATEs for a missing table and a missing column. */
const SCHEMA_LACKS = new Set(['42P01', '42703']);

const help: Command = {
  name: 'help',
  operands: [],
  summary: 'Print this.',
  async run({ print }) {
    print(usage());
  },
};

export const COMMANDS: readonly Command[] = [
  seed,
  migrate,
  clientSecret,
  clientSecretAdd,
  clientSecretList,
  clientSecretRevoke,
  passwordHash,
  seal,
  keysList,
  keysRotate,
  keysDrop,
  keysReseal,
  ...KINDS.flatMap((kind) => [listCommand(kind), showCommand(kind)]),
  personCreate,
  personInvite,
  personReset,
  personDisable,
  personEnable,
  personSessions,
  personSignOut,
  personFactors,
  deliveriesList,
  deliveriesShow,
  deliveriesRetry,
  audit,
  auditEvents,
  databaseStats,
  help,
];

/** Runs the command that `words` call. Returns the exit code: 0, 1 for a failure, 2 for a wrong call. */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<number> {
  const call = understandCall(words, COMMANDS);
  if (call === 'help') {
    context.print(usage());
    return SUCCESS;
  }
  if ('mistake' in call) {
    context.say(`${call.mistake}\n\n${call.subject === undefined ? usage() : usageAbout(call.subject)}\n`);
    return WRONG_USAGE;
  }
  try {
    return (await call.command.run(context, call.operands, call.given)) ?? SUCCESS;
  } catch (error) {
    context.say(`${explained(error)}\n`);
    return FAILURE;
  }
}

function usage(): string {
  return `Usage: npx listo COMMAND (in the image: listo COMMAND)\n\n${linesOf(COMMANDS)}`;
}

function usageAbout(subject: string): string {
  const commands = COMMANDS.filter((command) => subjectOf(command) === subject);
  return `${linesOf(commands)}\n\nAll commands: npx listo help`;
}

function linesOf(commands: readonly Command[]): string {
  const calls = commands.map(({ name, operands, options = {}, switches = [], summary }) => {
    const valued = Object.entries(options).map(([option, value]) => `[--${option} ${value}]`);
    const call = [name, ...operands, ...valued, ...switches.map((option) => `[--${option}]`)].join(' ');
    return `  ${call}\n      ${summary}`;
  });
  return calls.join('\n');
}

function explained(error: unknown): string {
  if (error instanceof OperatorError) return error.message;
  if (isStatementError(error) && SCHEMA_LACKS.has(error.code))
    return 'The schema of the database is not that of this version; bring it up to date: npx listo migrate';
  if (isStatementError(error) && error.code === INSUFFICIENT_PRIVILEGE)
    return `The role of DATABASE_URL lacks a privilege: ${withoutStatement(error)}.`;
  if (isDatabaseUnavailable(error))
    return `The database cannot do it just now: ${withoutStatement(error as Error)}.`;
  return error instanceof Error ? sourceStack(error.stack ?? error.message) : String(error);
}
