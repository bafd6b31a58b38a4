import { OperatorError } from '../../platform/errors.ts';
import type { Command, CommandContext, GivenOptions } from '../command.ts';
import { jsonOf, tableOf } from '../registered/written.ts';
import {
  type Chosen,
  changePerson,
  IN_INSTANCE,
  inWords,
  PERSON,
  WHICH_INSTANCE,
  withPerson,
} from './chosen-person.ts';
import { mailQueuesOf } from './mail-queues.ts';

const COLUMNS = ['factor', 'name', 'created_at', 'last_used_at'];

export const personFactors: Command = {
  name: 'person factors',
  operands: [PERSON],
  options: { ...IN_INSTANCE, remove: 'FACTOR' },
  switches: ['json'],
  summary: 'List what a person has beside a password: an authenticator app, passkeys.',
  words: {
    ...WHICH_INSTANCE,
    remove:
      'Take this one away, for somebody who lost the phone. The recovery codes go with the last one, and the person is told by mail.',
  },
  examples: ['person factors ada@acme.example', 'person factors ada@acme.example --remove totp'],
  run: (context, operands, given) =>
    given.options.remove === undefined
      ? list(context, operands, given)
      : changePerson(context, 'person factors', operands, given, async (chosen) => {
          const { person } = chosen;
          const { remove: factor = '' } = given.options;
          await takeAway(context, chosen, factor);
          const sentence = `Removed ${factor} from ${inWords(person)}. Their sessions go on: npx listo person sign-out ends them.`;
          return { did: 'factor_removed', person, sentence, more: { factor } };
        }),
};

function list(context: CommandContext, operands: readonly string[], given: GivenOptions): Promise<void> {
  return withPerson(context, 'person factors', operands, given, async ({ person, store }) => {
    const rows = await store.factors(person.id);
    if (given.switches.has('json')) context.print(jsonOf(rows));
    else if (rows.length === 0) context.print(`${inWords(person)} has none.`);
    else
      for (const line of tableOf(
        rows.map((row) => ({ ...row })),
        COLUMNS,
      ))
        context.print(line);
  });
}

async function takeAway(
  context: CommandContext,
  { person, store, trx }: Chosen,
  name: string,
): Promise<void> {
  const factor = (await store.factors(person.id)).find(({ factor }) => factor === name);
  const what = factor && (await store.removeFactor(person.id, factor));
  if (what === undefined)
    throw new OperatorError(
      'The person has no such factor. npx listo person factors PERSON shows those there are.',
    );
  const mail = context.mail();
  if (mail.isSent) await mailQueuesOf(trx, mail).notices.factorRemoved(trx, person.id, what);
}
