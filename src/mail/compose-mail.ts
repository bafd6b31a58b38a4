import type { PersonStore } from '../accounts/person-store.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import { addressMistake } from './address.ts';
import type { Mail } from './mail.ts';
import { renderHtml, renderText } from './templates/render.ts';
import { wordsOf } from './templates/words.ts';

/** A mail as it leaves. */
export interface ComposedMail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Undefined for a mail that nobody gets: the person is unknown, disabled, or has no address. */
export type ComposeMail = (mail: Mail) => Promise<ComposedMail | undefined>;

export function createComposeMail({
  people,
  instances,
}: {
  people: Pick<PersonStore, 'find'>;
  instances: Pick<InstanceStore, 'find'>;
}): ComposeMail {
  return async (mail) => {
    const person = mail.personId === null ? undefined : await people.find(mail.personId);
    const instance = person && (await instances.find(person.instanceId));
    const to = mail.to ?? person?.email ?? '';
    if (!person || !instance || addressMistake(to) !== undefined) return undefined;
    const look = { name: instance.name, brandColor: instance.brandColor, supportUri: instance.supportUri };
    const words = wordsOf(mail, { instance: instance.name, person: person.name });
    return { to, subject: words.subject, text: renderText(words, look), html: renderHtml(words, look) };
  };
}
