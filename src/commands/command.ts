import type { RotationPolicy } from '../keys/plan-rotation.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';

/**
 * What an operator does from a shell, a file for each command. A command prints its result on standard output and
 * nothing else there; what it refuses it throws as an OperatorError. Secrets come in by standard input and never
 * by the command line, where other users of the machine can read them.
 */
export interface Command {
  /** The words that call it: `client secret`. */
  name: string;
  /** What has to follow, as the usage shows it: `FILE`. */
  operands: readonly string[];
  /** Options that may be given, each with a value, which the usage shows as this: `{ name: 'NAME' }`. */
  options?: Readonly<Record<string, string>>;
  /** Options without a value: `['json']`. An option means the same kind of thing, value or none, in every command. */
  switches?: readonly string[];
  /** One sentence for the usage. */
  summary: string;
  run(context: CommandContext, operands: readonly string[], given: GivenOptions): Promise<void>;
}

/** The options of a call. */
export interface GivenOptions {
  options: Readonly<Record<string, string>>;
  switches: ReadonlySet<string>;
}

/** What a command may ask for. Configuration is read only when one does, so that most work anywhere. */
export interface CommandContext {
  input: SecretInput;
  /** Prints a line of the result. */
  print(line: string): void;
  /** Says something to the person at the terminal, beside the result. */
  say(text: string): void;
  clock: Clock;
  settings(): CommandSettings;
  /** The caller closes it. */
  openDatabase(): Promise<Database>;
}

export interface CommandSettings {
  issuer: string;
  keyEncryptionKeys: readonly Buffer[];
  keyRotation: RotationPolicy;
  rsaBits: number;
}

/** Standard input, or a stand-in for it. */
export type SecretInput = NodeJS.ReadableStream & { isTTY?: boolean };
