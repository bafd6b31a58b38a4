import type { Database } from '../../platform/database.ts';
import type { CommandContext, ServerSettings } from '../command.ts';

/** Something that is wrong, or will be soon. */
export interface Finding {
  /** Its name, for programs: a subject, a dot, and what is wrong with it. */
  name: string;
  /** Says what is wrong, with the values that were seen. */
  sentence: string;
  /** Says what to do. */
  remedy: string;
}

/** The outcome of one check. */
export interface Outcome {
  check: string;
  findings: readonly Finding[];
  /** Things that were seen, in a few words each. */
  facts: readonly string[];
  /** Why nothing was looked at. */
  notChecked?: string;
}

/** The result of a check. */
export type Seen = Omit<Outcome, 'check'>;

/** The services for checks. */
export interface Patient extends Pick<CommandContext, 'clock'> {
  database: Database | undefined;
  settings: ServerSettings | undefined;
  /** The issuer that is asked from outside; undefined where nobody says it. */
  issuer: string | undefined;
}

export interface Check {
  name: string;
  run(patient: Patient): Promise<Seen>;
}

export function seen(findings: readonly (Finding | undefined)[], facts: readonly string[] = []): Seen {
  return { findings: findings.filter((one) => one !== undefined), facts };
}

export function notChecked(why: string): Seen {
  return { findings: [], facts: [], notChecked: why };
}
