import type { FindAccount } from 'oidc-provider';
import type { Person } from '../../accounts/person.ts';
import type { PersonStore } from '../../accounts/person-store.ts';
import { requestContext } from '../request-context.ts';
import { clientRecord } from './client-metadata.ts';

/**
 * Finds the person of a session or token: enabled, and in the client's instance. The library asks this in all places
 * that use a person, so disabling one takes effect at the next request.
 */
export function createAccountFinder({ people }: { people: PersonStore }): FindAccount {
  return async ({ oidc }, sub) => {
    const person = await findPerson(people, sub);
    if (!person || !oidc.client || person.instanceId !== clientRecord(oidc.client).instanceId)
      return undefined;
    // `tokens/` makes ID tokens and answers userinfo, so the library needs no claim beside the one it checks.
    return { accountId: person.id, claims: async () => ({ sub: person.id }) };
  };
}

/** An enabled person. They may have been loaded with the session. */
async function findPerson(people: PersonStore, id: string): Promise<Person | undefined> {
  const { person } = requestContext();
  return person?.id === id ? person : people.find(id);
}
