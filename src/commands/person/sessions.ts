import { OperatorError } from '../../platform/errors.ts';
import type { Command } from '../command.ts';
import { jsonOf, tableOf } from '../registered/written.ts';
import { changePerson, IN_INSTANCE, inWords, PERSON, WHICH_INSTANCE, withPerson } from './chosen-person.ts';

const COLUMNS = ['uid', 'created_at', 'last_seen_at', 'expires_at', 'user_agent'];

export const personSessions: Command = {
  name: 'person sessions',
  operands: [PERSON],
  options: IN_INSTANCE,
  switches: ['json'],
  summary: 'List the browsers in which a person is signed in, the latest first.',
  words: WHICH_INSTANCE,
  examples: ['person sessions ada@acme.example'],
  run: (context, operands, given) =>
    withPerson(context, 'person sessions', operands, given, async ({ person, store }) => {
      const rows = await store.sessions(person.id);
      if (given.switches.has('json')) context.print(jsonOf(rows));
      else if (rows.length === 0) context.print(`${inWords(person)} is signed in nowhere.`);
      else for (const line of tableOf(rows, COLUMNS)) context.print(line);
    }),
};

export const personSignOut: Command = {
  name: 'person sign-out',
  operands: [PERSON],
  options: { ...IN_INSTANCE, session: 'UID' },
  switches: ['json'],
  summary:
    'End all sessions of a person, or one of them, and everything that was allowed in them. They may sign in again.',
  words: {
    ...WHICH_INSTANCE,
    session: 'Only this session, by the uid that npx listo person sessions shows.',
  },
  examples: ['person sign-out ada@acme.example'],
  run: (context, operands, given) =>
    changePerson(context, 'person sign-out', operands, given, async ({ person, store }) => {
      const { session } = given.options;
      const ended = await store.signOut(person.id, session);
      if (ended === 0 && session !== undefined)
        throw new OperatorError(
          'The person has no session with this uid. npx listo person sessions PERSON shows those there are.',
        );
      const sentence =
        ended === 0
          ? `${inWords(person)} was signed in nowhere. Nothing changed.`
          : `Ended ${ended === 1 ? 'one session' : `${ended} sessions`} of ${inWords(person)}.`;
      return { did: ended === 0 ? 'nothing' : 'signed_out', person, sentence, more: { sessions: ended } };
    }),
};
