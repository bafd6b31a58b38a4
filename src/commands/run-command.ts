import { isDatabaseUnavailable, withoutStatement } from '../platform/database-errors.ts';
import { OperatorError } from '../platform/errors.ts';
import { escapedLines } from '../platform/log/escaped.ts';
import { sourceStack } from '../platform/log/source-stack.ts';
import { isStatementError } from '../platform/seeds/errors/seed-error.ts';
import { audit, auditEvents } from './audit.ts';
import { clientSecretAdd } from './client-secret/add.ts';
import { clientSecretList } from './client-secret/list.ts';
import { clientSecret } from './client-secret/make.ts';
import { clientSecretRevoke } from './client-secret/revoke.ts';
import type { Command, CommandContext } from './command.ts';
import { completionCommand } from './completion/completion.ts';
import { databaseStats } from './database-stats.ts';
import { deliveriesList, deliveriesRetry, deliveriesShow } from './deliveries.ts';
import { doctor } from './doctor/doctor.ts';
import { drift } from './drift/drift.ts';
import { exportRegistrations } from './export/export.ts';
import { flowCommand } from './flow/flow.ts';
import { commandPage } from './help/command-page.ts';
import { aboutSubject, overview } from './help/overview.ts';
import { keysDrop, keysList, keysReseal, keysRotate } from './keys.ts';
import { migrate } from './migrate.ts';
import { passwordHash } from './password-hash.ts';
import { personDisable, personEnable } from './person/access.ts';
import { personCreate } from './person/create.ts';
import { personFactors } from './person/factors.ts';
import { personInvite, personReset } from './person/first-password.ts';
import { personSessions, personSignOut } from './person/sessions.ts';
import { apply } from './plan/apply.ts';
import { plan } from './plan/plan.ts';
import { seed } from './plan/seed.ts';
import { previewCommand } from './preview/preview.ts';
import { explainCommand } from './refusals/explain.ts';
import { refusalLists } from './refusals/list.ts';
import { historyCommand } from './registered/history.ts';
import { KINDS } from './registered/kinds.ts';
import { listCommand } from './registered/list.ts';
import { showCommand } from './registered/show.ts';
import { seal } from './seal.ts';
import { HELP, type HelpCall, subjectOf, understandCall } from './understand-call.ts';
import { instanceTest } from './upstream/instance-test.ts';

const SUCCESS = 0;
const FAILURE = 1;
const WRONG_USAGE = 2;

const INSUFFICIENT_PRIVILEGE = '42501';
/** The SQLSTATEs for a missing table and a missing column. */
const SCHEMA_LACKS = new Set(['42P01', '42703']);
/** Postgres ends one of two transactions with these, when they are in each other's way. */
const ANOTHER_CAME = new Set(['40001', '40P01']);
/** Postgres ended a transaction that sent nothing for a minute. */
const SILENT_TOO_LONG = '25P03';

/** The call is understood as one for help, so it never runs. */
const help: Command = {
  name: HELP,
  operands: ['[COMMAND…]'],
  words: { COMMAND: 'The words of one command, or the first of them.' },
  summary: 'Explain one command, those about one thing, or list them all.',
  examples: ['help client secret add', 'help keys'],
  async run() {},
};

export const COMMANDS: readonly Command[] = [
  plan,
  apply,
  seed,
  drift,
  exportRegistrations,
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
  ...KINDS.flatMap((kind) => [listCommand(kind), showCommand(kind), historyCommand(kind)]),
  personCreate,
  personInvite,
  personReset,
  personDisable,
  personEnable,
  personSessions,
  personSignOut,
  personFactors,
  explainCommand,
  ...refusalLists,
  previewCommand,
  flowCommand,
  deliveriesList,
  deliveriesShow,
  deliveriesRetry,
  audit,
  auditEvents,
  databaseStats,
  instanceTest,
  doctor,
  completionCommand(() => COMMANDS),
  help,
];

/** Runs the command that `words` call. Returns the exit code: 0, 1 for a failure, 2 for a wrong call. */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<number> {
  const call = understandCall(words, COMMANDS);
  if ('helpOn' in call) {
    context.print(helpOf(call));
    return SUCCESS;
  }
  if ('mistake' in call) {
    const { mistake, subject } = call;
    const usage = subject === undefined ? overview(COMMANDS) : aboutSubject(subject, COMMANDS);
    context.say(`${mistake}\n\n${usage}\n`);
    return WRONG_USAGE;
  }
  try {
    return (await call.command.run(context, call.operands, call.given)) ?? SUCCESS;
  } catch (error) {
    context.say(`${escapedLines(explained(error))}\n`);
    return FAILURE;
  }
}

function helpOf({ helpOn, subject }: HelpCall): string {
  if (subject === undefined) return overview(COMMANDS);
  if (!helpOn) return aboutSubject(subject, COMMANDS);
  const others = COMMANDS.filter((one) => subjectOf(one) === subject && one !== helpOn);
  return commandPage(
    helpOn,
    others.map(({ name }) => name),
  );
}

function explained(error: unknown): string {
  if (error instanceof OperatorError) return error.message;
  if (isStatementError(error) && SCHEMA_LACKS.has(error.code))
    return 'The schema of the database is not that of this version; bring it up to date: npx listo migrate';
  if (isStatementError(error) && error.code === INSUFFICIENT_PRIVILEGE)
    return `The role of DATABASE_URL lacks a privilege: ${withoutStatement(error)}.`;
  const { code = '' } = error as { code?: string };
  if (ANOTHER_CAME.has(code))
    return 'Somebody else changed the same rows at the same time, and Postgres ended this transaction. Nothing was changed. Call the command again.';
  if (code === SILENT_TOO_LONG)
    return 'This command stood still for a minute, and Postgres ended its transaction. Nothing was changed. Call the command again.';
  if (isDatabaseUnavailable(error))
    return `The database cannot do it just now: ${withoutStatement(error as Error)}.`;
  return error instanceof Error ? sourceStack(error.stack ?? error.message) : String(error);
}
