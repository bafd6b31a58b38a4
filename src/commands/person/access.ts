import type { Command } from '../command.ts';
import { changePerson, IN_INSTANCE, inWords, PERSON, WHICH_INSTANCE } from './chosen-person.ts';

export const personDisable: Command = {
  name: 'person disable',
  operands: [PERSON],
  options: IN_INSTANCE,
  switches: ['json'],
  summary:
    'Disable a person, by id or address: their sessions and everything allowed in them end at once, and they cannot sign in.',
  words: WHICH_INSTANCE,
  examples: ['person disable ada@acme.example'],
  run: (context, operands, given) =>
    changePerson(context, 'person disable', operands, given, async ({ person, store }) => {
      const changed = await store.disable(person.id);
      const sentence = changed
        ? `Disabled ${inWords(person)}, and signed them out everywhere.`
        : `${inWords(person)} was disabled already. Nothing changed.`;
      return { did: changed ? 'disabled' : 'nothing', person, sentence };
    }),
};

export const personEnable: Command = {
  name: 'person enable',
  operands: [PERSON],
  options: IN_INSTANCE,
  switches: ['json'],
  summary: 'Let a disabled person sign in again, by id or address.',
  words: WHICH_INSTANCE,
  examples: ['person enable ada@acme.example'],
  run: (context, operands, given) =>
    changePerson(context, 'person enable', operands, given, async ({ person, store }) => {
      const changed = await store.enable(person.id);
      const sentence = changed
        ? `Enabled ${inWords(person)}.`
        : `${inWords(person)} was not disabled. Nothing changed.`;
      return { did: changed ? 'enabled' : 'nothing', person, sentence };
    }),
};
