import { OperatorError } from '../../platform/errors.ts';
import type { Command, CommandContext, GivenOptions } from '../command.ts';
import { readNewPassword } from '../new-password.ts';
import {
  type Chosen,
  changePerson,
  IN_INSTANCE,
  inWords,
  PERSON,
  WHICH_INSTANCE,
  withPerson,
} from './chosen-person.ts';
import { expectPasswords } from './create.ts';
import { mailQueuesOf } from './mail-queues.ts';

const NO_MAIL =
  'The server sends no mail (SMTP_URL). Set a password instead, and hand it over: npx listo person reset PERSON --password';

/**
 * No link is ever printed: it would work for everybody who reads the terminal, its history, or the log of a job, and an
 * address is proven only by a mail to it.
 */
export const personInvite: Command = {
  name: 'person invite',
  operands: [PERSON],
  options: IN_INSTANCE,
  switches: ['json'],
  summary: 'Send a person without a password a mail with a link to choose their first one.',
  words: WHICH_INSTANCE,
  examples: ['person invite ada@acme.example'],
  run: (context, operands, given) =>
    changePerson(context, 'person invite', operands, given, async (chosen) => {
      await expectEnabled(chosen);
      if (chosen.person.password)
        throw new OperatorError(
          'The person has a password already. npx listo person reset PERSON takes it away and sends a new link.',
        );
      await invite(context, chosen);
      const { person } = chosen;
      return {
        did: 'invited',
        person,
        sentence: `Queued an invitation to ${inWords(person)}.`,
      };
    }),
};

export const personReset: Command = {
  name: 'person reset',
  operands: [PERSON],
  options: IN_INSTANCE,
  switches: ['password', 'json'],
  summary:
    "End a person's password and all their sessions, and send them a mail with a link to choose another one.",
  words: {
    ...WHICH_INSTANCE,
    password: 'Read the other password from standard input instead of sending a mail.',
  },
  examples: ['person reset ada@acme.example --instance acme'],
  run: (context, operands, given) =>
    given.switches.has('password')
      ? setPassword(context, operands, given)
      : sendReset(context, operands, given),
};

function sendReset(context: CommandContext, operands: readonly string[], given: GivenOptions): Promise<void> {
  return changePerson(context, 'person reset', operands, given, async (chosen) => {
    await expectEnabled(chosen);
    const { person, store } = chosen;
    await store.setPassword(person.id, null);
    await store.signOut(person.id, undefined);
    await invite(context, chosen);
    const sentence = `Ended the password and the sessions of ${inWords(person)}, and queued a mail with a link to choose another one.`;
    return { did: 'reset', person, sentence };
  });
}

async function setPassword(
  context: CommandContext,
  operands: readonly string[],
  given: GivenOptions,
): Promise<void> {
  const about = await withPerson(context, 'person reset', operands, given, async (chosen) => {
    await expectEnabled(chosen);
    const { person, store } = chosen;
    if (person.email === null) throw new OperatorError('The person has no address to sign in with.');
    const instance = await store.instance(person.instance_id);
    return { id: person.id, words: [person.email, person.name, instance?.name] };
  });
  // Somebody may be typing it, so no transaction is open meanwhile.
  const hash = await readNewPassword(context, about.words);
  await changePerson(context, 'person reset', [about.id], given, async ({ person, store, trx }) => {
    await store.setPassword(person.id, hash);
    const mail = context.mail();
    if (mail.isSent) await mailQueuesOf(trx, mail).notices.passwordChanged(trx, person.id);
    const sentence = `Set the password of ${inWords(person)}, and signed them out everywhere.`;
    return { did: 'password_set', person, sentence };
  });
}

async function expectEnabled({ person, store }: Chosen): Promise<void> {
  expectPasswords(await store.instance(person.instance_id));
  if (person.disabled_at !== null)
    throw new OperatorError('The person is disabled. npx listo person enable PERSON comes first.');
}

async function invite(context: CommandContext, { person, trx }: Chosen): Promise<void> {
  const outcome = await mailQueuesOf(trx, context.mail()).passwordLinks.invite(person.id, { trx });
  if (outcome === 'no_mail') throw new OperatorError(NO_MAIL);
  if (outcome !== 'invited') throw new OperatorError('The person has no address to which a mail could go.');
}
