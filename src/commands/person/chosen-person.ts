import { actsBy } from '../../audit/record.ts';
import type { Database, Queryable } from '../../platform/database.ts';
import { OperatorError } from '../../platform/errors.ts';
import type { CommandContext, GivenOptions } from '../command.ts';
import { createRegisteredStore } from '../registered/registered-store.ts';
import { unknownId } from '../registered/unknown-id.ts';
import { jsonOf, tableOf } from '../registered/written.ts';
import { createPersonAdminStore, type NamedPerson, type PersonAdminStore } from './person-admin-store.ts';

/** The operand and option with which a command names one person. */
export const PERSON = 'PERSON';
export const IN_INSTANCE = { instance: 'ID' };
export const WHICH_INSTANCE = {
  instance: 'The instance of the person, where people of several have the address.',
};

export interface Chosen {
  person: NamedPerson;
  store: PersonAdminStore;
  trx: Queryable;
}

/**
 * Runs `work` for the one person whom `word` names, an id or an e-mail address, in a transaction that the audit trail
 * knows by the name of the command.
 * @throws OperatorError when it names nobody, or people of several instances.
 */
export async function withPerson<T>(
  { openDatabase }: Pick<CommandContext, 'openDatabase'>,
  command: string,
  [word = '']: readonly string[],
  { options: { instance } }: GivenOptions,
  work: (chosen: Chosen) => Promise<T>,
): Promise<T> {
  return inTransaction({ openDatabase }, command, async (trx) => {
    const store = createPersonAdminStore(trx);
    const found = await store.find(word, instance);
    const [person, other] = found;
    if (!person) throw await nobody(trx, word, instance);
    if (other) throw several(found);
    return work({ person, store, trx });
  });
}

/** Runs `work` in a transaction that the audit trail knows by the name of the command. */
export async function inTransaction<T>(
  { openDatabase }: Pick<CommandContext, 'openDatabase'>,
  command: string,
  work: (trx: Queryable) => Promise<T>,
): Promise<T> {
  const database: Database = await openDatabase();
  try {
    return await database.knex.transaction(async (trx) => {
      await actsBy(trx, `command ${command}`);
      return work(trx);
    });
  } finally {
    await database.close();
  }
}

/** The person in a sentence. */
export function inWords({
  id,
  email,
  instance_id,
}: Pick<NamedPerson, 'id' | 'email' | 'instance_id'>): string {
  return email === null ? `${id} of ${instance_id}` : `${email} (${id}) of ${instance_id}`;
}

/** The deed of a command and its person: a sentence, and what `--json` prints. */
export interface Told {
  did: string;
  person: Pick<NamedPerson, 'id' | 'instance_id' | 'email'>;
  sentence: string;
  more?: Readonly<Record<string, unknown>>;
}

/** Changes something about the person whom a command names, and says so once it is done. */
export async function changePerson(
  context: Pick<CommandContext, 'openDatabase' | 'print'>,
  command: string,
  operands: readonly string[],
  given: GivenOptions,
  work: (chosen: Chosen) => Promise<Told>,
): Promise<void> {
  tell(context, given, await withPerson(context, command, operands, given, work));
}

export function tell(
  { print }: Pick<CommandContext, 'print'>,
  { switches }: GivenOptions,
  { did, person: { id, instance_id, email }, sentence, more }: Told,
): void {
  print(switches.has('json') ? jsonOf({ did, person: { id, instance_id, email }, ...more }) : sentence);
}

async function nobody(db: Queryable, word: string, instance: string | undefined): Promise<OperatorError> {
  const where = instance === undefined ? '' : ' in this instance';
  if (word.includes('@'))
    return new OperatorError(`Nobody has this address${where}. npx listo person list shows whom there is.`);
  return unknownId(createRegisteredStore(db), word, {
    sentence: `There is no person with this id${where}.`,
    tables: ['people'],
    lists: 'npx listo person list --email ADDRESS finds people by their address.',
  });
}

function several(found: readonly NamedPerson[]): OperatorError {
  const table = tableOf(
    found.map((person) => ({ ...person })),
    ['id', 'instance_id', 'email', 'name'],
  );
  return new OperatorError(
    `Several people have this address. Say which: their id, or --instance.\n${table.map((line) => `  ${line}`).join('\n')}`,
  );
}
