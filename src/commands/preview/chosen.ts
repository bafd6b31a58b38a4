import type { Person } from '../../accounts/person.ts';
import { createPersonStore } from '../../accounts/person-store.ts';
import type { Client } from '../../clients/client.ts';
import { createClientStore } from '../../clients/client-store.ts';
import type { Instance } from '../../instances/instance.ts';
import type { Queryable } from '../../platform/database.ts';
import { OperatorError } from '../../platform/errors.ts';
import { createPersonAdminStore } from '../person/person-admin-store.ts';
import { createRegisteredStore, type Row } from '../registered/registered-store.ts';
import { unknownId } from '../registered/unknown-id.ts';
import { type Finding, finding } from './finding.ts';

/** The client with this id, or why it would be refused. @throws OperatorError when nobody registered it. */
export async function chosenClient(db: Queryable, id: string): Promise<Client | Finding> {
  const client = await createClientStore(db).find(id);
  if (client) return client;
  const registered = createRegisteredStore(db);
  if (await registered.find('clients', id))
    return finding(
      'invalid_client',
      'The client is disabled. Setting clients.disabled_at to NULL lets it ask again.',
      'client.disabled',
    );
  throw await unknownId(registered, id, {
    sentence: 'Sign in with Listo has no client with this id.',
    tables: ['clients'],
    lists: 'npx listo client list shows those there are.',
  });
}

/** Somebody who does not exist, with a value for each claim. */
export function madeUpPerson(instanceId: string): Person {
  return {
    ...{ id: '00000000-0000-4000-8000-000000000000', instanceId },
    ...{ email: 'somebody@example.com', emailVerified: true },
    ...{ name: 'Some Body', firstName: 'Some', lastName: 'Body' },
    ...{ workerProfileId: 'worker-profile', updatedAt: 1_700_000_000 },
    ...{ workerIds: ['worker'], userIds: [{ id: 'user', clientId: 'company' }] },
  };
}

/**
 * The person whom a word names, an id or an e-mail address, or why they cannot sign in to the instance.
 * @throws OperatorError when it names nobody.
 */
export async function chosenPerson(
  db: Queryable,
  word: string,
  instance: Pick<Instance, 'id'>,
): Promise<Person | Finding> {
  const store = createPersonAdminStore(db);
  const found = await store.find(word, instance.id);
  const [row] = found.length > 0 ? found : await store.find(word, undefined);
  if (!row) throw await nobody(db, word);
  if (row.instance_id !== instance.id)
    return {
      error: 'access_denied',
      sentence: `The person belongs to the instance ${row.instance_id}, and the client to ${instance.id}. Only the people of its own instance sign in to a client.`,
    };
  if (found.length > 1)
    throw new OperatorError(
      `Several people of this instance have this address. Say which with --person: ${found.map(({ id }) => id).join(', ')}`,
    );
  if (row.disabled_at !== null)
    return {
      error: 'access_denied',
      sentence: 'The person is disabled, and cannot sign in. npx listo person enable PERSON lets them.',
    };
  const person = await createPersonStore(db).find(row.id);
  if (!person) throw await nobody(db, word);
  return person;
}

async function nobody(db: Queryable, word: string): Promise<OperatorError> {
  if (word.includes('@'))
    return new OperatorError('Nobody has this address. npx listo person list shows whom there is.');
  return unknownId(createRegisteredStore(db), word, {
    sentence: 'There is no person with this id.',
    tables: ['people'],
    lists: 'npx listo person list --email ADDRESS finds people by their address.',
  });
}

/** The instance of a client, as far as it decides about a sign-in. */
export async function instanceOf(
  db: Queryable,
  id: string,
): Promise<Pick<Instance, 'id' | 'authentication' | 'secondFactor' | 'passkeys'>> {
  const row: Row = (await createRegisteredStore(db).find('instances', id)) ?? {};
  return {
    id,
    authentication: row.authentication as Instance['authentication'],
    secondFactor: row.second_factor as Instance['secondFactor'],
    passkeys: row.passkeys as Instance['passkeys'],
  };
}
