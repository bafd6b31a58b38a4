import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { nearestName } from '../platform/nearest-name.ts';
import type { Command, GivenOptions } from './command.ts';

/** A correct call of a command. */
export interface Call {
  command: Command;
  operands: readonly string[];
  given: GivenOptions;
}

/** A wrong call. */
export interface Mistake {
  mistake: string;
  /** The first word of the commands that it is about; undefined when it resembles none. */
  subject: string | undefined;
}

/** A call for help: `--help`, or `help` with the words that it is about. */
export interface HelpCall {
  /** The command, if they name one. */
  helpOn: Command | undefined;
  /** The first word of the commands that they are about; undefined: all. */
  subject: string | undefined;
}

/**
 * Finds the command that `words` call, or the help that they ask for. The text of a mistake does not repeat the words,
 * since one of them may be a secret.
 */
export function understandCall(
  words: readonly string[],
  commands: readonly Command[],
): Call | HelpCall | Mistake {
  let parsed: { positionals: string[]; values: Values };
  try {
    parsed = parseArgs({ args: operandsLast(words), allowPositionals: true, options: optionsOf(commands) });
  } catch (error) {
    const { subject } = unknownCommand(
      words.filter((word) => !word.startsWith('-')),
      commands,
    );
    return (error as NodeJS.ErrnoException).code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE'
      ? { mistake: 'An option lacks its value, or has one and takes none.', subject }
      : { mistake: 'There is no such option.', subject };
  }
  const { positionals, values } = parsed;
  if (values.help) return helpOn(positionals, commands);
  if (positionals.length === 0) return { mistake: 'Name a command.', subject: undefined };

  const command = commandOf(positionals, commands);
  if (!command) return unknownCommand(positionals, commands);
  const subject = subjectOf(command);
  const stray = Object.keys(values).find((name) => !takes(command, name));
  if (stray) return { mistake: `${command.name} takes no --${stray}.`, subject };
  const operands = positionals.slice(command.name.split(' ').length);
  if (!isNumberOf(operands.length, command.operands)) {
    const wanted = command.operands.join(' ') || 'nothing';
    return { mistake: `${command.name} takes ${wanted} behind it.`, subject };
  }
  if (command.name === HELP) return helpOn(operands, commands);
  return { command, operands, given: toGivenOptions(values) };
}

/** The command with this name gives help. */
export const HELP = 'help';

/** `client secret add`, with or without operands; `client`, for all that are about clients; or nothing, for all. */
function helpOn(words: readonly string[], commands: readonly Command[]): HelpCall | Mistake {
  const [subject] = words;
  if (subject === undefined) return { helpOn: undefined, subject };
  const command = commandOf(words, commands);
  if (command) return { helpOn: command, subject };
  const isSubject = words.length === 1 && commands.some((one) => subjectOf(one) === subject);
  return isSubject ? { helpOn: undefined, subject } : unknownCommand(words, commands);
}

/** `[FILE]` may be missing, and `FILE…` may be repeated. */
function isNumberOf(count: number, operands: Command['operands']): boolean {
  const least = operands.filter((operand) => !operand.startsWith('[')).length;
  return count >= least && (count <= operands.length || operands.some((operand) => operand.includes('…')));
}

/** The `kid` of a key is a SHA-256 in base64url, so one in 64 begins with a hyphen. No option looks like that. */
const KID_WITH_HYPHEN = /^-[A-Za-z0-9_-]{42}$/;

/** The parser takes every word behind `--` as an operand. */
function operandsLast(words: readonly string[]): string[] {
  const kids = words.filter((word) => KID_WITH_HYPHEN.test(word));
  return kids.length === 0 ? [...words] : [...words.filter((word) => !kids.includes(word)), '--', ...kids];
}

/** The lists are for options that may be repeated; there are none. */
type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** The options of all commands, because an option may come before the words that name the command. */
function optionsOf(commands: readonly Command[]): ParseArgsOptionsConfig {
  return {
    help: { type: 'boolean', short: 'h' },
    ...Object.fromEntries(
      commands.flatMap(({ options = {}, switches = [] }) => [
        ...Object.keys(options).map((name) => [name, { type: 'string' }] as const),
        ...switches.map((name) => [name, { type: 'boolean' }] as const),
      ]),
    ),
  };
}

/** Picks the longest matching name: `client secret add` is not `client secret` with an operand. */
function commandOf(positionals: readonly string[], commands: readonly Command[]): Command | undefined {
  return commands
    .filter(({ name }) => name.split(' ').every((word, n) => word === positionals[n]))
    .toSorted((one, other) => other.name.length - one.name.length)
    .at(0);
}

/** The first word of its name, which commands about one thing share. */
export function subjectOf({ name }: Command): string {
  return name.split(' ', 1).join('');
}

/** Names the command that the first words misspell, or else the one thing that they are about. */
function unknownCommand(positionals: readonly string[], commands: readonly Command[]): Mistake {
  const names = commands.map(({ name }) => name);
  for (const count of [3, 2, 1]) {
    const near =
      positionals.length < count ? undefined : nearestName(positionals.slice(0, count).join(' '), names);
    const command = commands.find(({ name }) => name === near);
    if (command)
      return {
        mistake: `There is no such command. Perhaps ${command.name} is meant.`,
        subject: subjectOf(command),
      };
  }
  const subject = nearestName(positionals[0] ?? '', [...new Set(commands.map(subjectOf))]);
  return subject === undefined
    ? { mistake: 'There is no such command.', subject }
    : { mistake: `There is no such command. These are about ${subject}:`, subject };
}

function takes({ options = {}, switches = [] }: Command, name: string): boolean {
  return Object.hasOwn(options, name) || switches.includes(name);
}

function toGivenOptions(values: Values): GivenOptions {
  const entries = Object.entries(values);
  return {
    options: Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    switches: new Set(entries.filter(([, value]) => value === true).map(([name]) => name)),
  };
}
