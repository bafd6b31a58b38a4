import type { RotationPolicy } from '../keys/plan-rotation.ts';
import type { MailSettings } from '../mail/settings.ts';
import type { Database } from '../platform/database.ts';
import type { OutboundRules } from '../platform/network/outbound-fetch.ts';
import type { PasswordCost } from '../platform/secrets/digest.ts';
import type { Clock } from '../platform/time/clock.ts';

/**
 * An operator's command in a shell; `run-command.ts` lists all of them. A command prints only its result on standard
 * output. It throws an OperatorError to refuse. It reads secrets from standard input, never from the command line, which
 * other users of the machine can read.
 */
export interface Command {
  /** The words that call the command: `client secret`. */
  name: string;
  /** The words that follow, as the usage shows them: `FILE`; `[FILE]` may be missing, and `FILE…` may be repeated. */
  operands: readonly string[];
  /** Options with a value, which the usage shows under this name: `{ name: 'NAME' }`. */
  options?: Readonly<Record<string, string>>;
  /** Options without a value: `['json']`. An option either has a value in every command, or in none. */
  switches?: readonly string[];
  /** One sentence for the usage. */
  summary: string;
  /**
   * A sentence for each operand and option, by its own name: `FILE`, `name`. `help/shared-words.ts` has those of words
   * that mean the same everywhere.
   */
  words?: Readonly<Record<string, string>>;
  /** The values of an operand or option that takes one of a few, for help and completion. */
  choices?: Readonly<Record<string, readonly string[]>>;
  /** `--help` prints it below the options: when to use the command, and what to know before. */
  help?: string;
  /** Calls as they are typed behind `npx listo`. */
  examples?: readonly string[];
  /** Returns the exit code, where it is not 0. */
  run(
    context: CommandContext,
    operands: readonly string[],
    given: GivenOptions,
  ): Promise<number | undefined> | Promise<void>;
}

/** The options of one call. */
export interface GivenOptions {
  options: Readonly<Record<string, string>>;
  switches: ReadonlySet<string>;
}

/** The services for a command. Each reads only the part of the configuration that it needs. */
export interface CommandContext {
  input: SecretInput;
  /** Prints a line of the result on standard output. */
  print(line: string): void;
  /** Tells the person at the terminal something that is not the result. */
  say(text: string): void;
  /** Asks a question that is answered with yes or no. Undefined where nobody sits at a terminal. */
  ask: ((question: string) => Promise<boolean>) | undefined;
  /** Calls `stop` once at Ctrl-C, in place of ending the process, until the function that it returns is called. */
  onInterrupt?: ((stop: () => void) => () => void) | undefined;
  clock: Clock;
  /** The issuer of the server; undefined where nobody says it. */
  issuer(): string | undefined;
  listnr(): ListnrSettings;
  keys(): KeySettings;
  passwords(): NewPasswordSettings;
  mail(): MailQueueSettings;
  /** The whole configuration, as a server would read it; nothing is made for development. */
  server(): ServerSettings;
  /** The caller closes it. With `make`, for a command that brings the schema up to date, it may be the first to open it. */
  openDatabase(how?: { make: boolean }): Promise<Database>;
}

/** For commands about LiSTNR's tokens. */
export interface ListnrSettings {
  /** The `iss` of its tokens. */
  listnrIssuer: string;
  /** The environment for which a client must be enabled. */
  environment: string;
}

/** For commands about signing keys and sealed secrets. */
export interface KeySettings {
  keyEncryptionKeys: readonly Buffer[];
  /** False when the key was made for development. */
  keyEncryptionKeyGiven: boolean;
  keyRotation: RotationPolicy;
  rsaBits: number;
}

/** The parts of a server's configuration that can be checked. */
export interface ServerSettings {
  production: boolean;
  issuer: string;
  workers: number;
  /** The most connections for requests; undefined for the embedded database. */
  poolSize: number | undefined;
  trustedProxies: readonly string[];
  /** The header with certificates of clients; undefined: none is read. */
  certificateHeader: string | undefined;
  cookieKeys: readonly string[];
  keys: KeySettings;
  mail: MailSettings | undefined;
  /** The range API that is asked for leaked passwords. */
  rangeUrl: string | undefined;
  outbound: OutboundRules;
}

/** For commands of which people hear by mail. */
export interface MailQueueSettings {
  /** The issuer of the server, where the links of a mail lead; undefined where nobody says it. */
  issuer: string | undefined;
  keyEncryptionKeys: readonly Buffer[];
  /** Whether the server sends mail. */
  isSent: boolean;
}

/** For commands that set a password. */
export interface NewPasswordSettings {
  cost: PasswordCost;
  /** The range API that is asked for leaked passwords. */
  rangeUrl: string | undefined;
  outbound: OutboundRules;
}

/** Standard input, or a stand-in for it. */
export type SecretInput = NodeJS.ReadableStream & { isTTY?: boolean };
