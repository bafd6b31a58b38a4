import { OperatorError } from '../../platform/errors.ts';
import { explainRefusal, isRefusal, isStatementError } from '../../platform/seeds/errors/seed-error.ts';
import type { Command } from '../command.ts';
import { readNewPassword } from '../new-password.ts';
import { inTransaction, inWords, tell } from './chosen-person.ts';
import { createPersonAdminStore, type NewPerson, type PersonAdminStore } from './person-admin-store.ts';

const UNIQUE_VIOLATION = '23505';
const CHECK_VIOLATION = '23514';

export const personCreate: Command = {
  name: 'person create',
  operands: ['ADDRESS'],
  options: { instance: 'ID', name: 'NAME' },
  switches: ['password', 'json'],
  summary: 'Register a person of an instance. They choose their first password by an invitation.',
  words: {
    ADDRESS: 'The e-mail address with which they sign in.',
    instance: 'The instance to which they belong. It has to be said.',
    name: 'The name of the person, as applications show it.',
    password: 'Read their first password from standard input instead.',
  },
  examples: ['person create ada@acme.example --instance acme --name "Ada Lovelace"'],
  async run(context, [email = ''], given) {
    const { instance: instanceId, name = null } = given.options;
    if (instanceId === undefined)
      throw new OperatorError(
        'Say of which instance: --instance ID. npx listo instance list shows those there are.',
      );
    const withStore = <T>(work: (store: PersonAdminStore) => Promise<T>) =>
      inTransaction(context, 'person create', (trx) => work(createPersonAdminStore(trx)));
    const instance = await withStore((store) => store.instance(instanceId));
    if (!instance)
      throw new OperatorError(
        'There is no instance with this id. npx listo instance list shows those there are.',
      );
    if (given.switches.has('password')) expectPasswords(instance);
    // Somebody may be typing it, so no transaction is open meanwhile.
    const passwordHash = given.switches.has('password')
      ? await readNewPassword(context, [email, name, instance.name])
      : null;
    const id = await withStore((store) => register(store, { instanceId, email, name, passwordHash }));
    const person = { id, instance_id: instanceId, email };
    tell(context, given, { did: 'created', person, sentence: `Created ${inWords(person)}.` });
  },
};

/** @throws OperatorError where people sign in at their own provider. */
export function expectPasswords(instance: { authentication: 'password' | 'oidc' } | undefined): void {
  if (instance?.authentication === 'oidc')
    throw new OperatorError(
      'The people of this instance sign in at their own provider, without a password here.',
    );
}

async function register(store: PersonAdminStore, person: NewPerson): Promise<string> {
  try {
    return await store.create(person);
  } catch (cause) {
    if (isRefusal(cause)) throw new OperatorError(explainRefusal(cause), { cause });
    if (isStatementError(cause) && cause.code === UNIQUE_VIOLATION)
      throw new OperatorError('Somebody of this instance has this address already.', { cause });
    if (isStatementError(cause) && cause.code === CHECK_VIOLATION)
      throw new OperatorError(
        'ADDRESS is one address with one @ and no spaces; NAME has up to 200 characters.',
        { cause },
      );
    throw cause;
  }
}
