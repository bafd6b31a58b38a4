import { accountAddress } from '../clients/account-client.ts';
import { redirect } from '../http/pages/redirect.ts';
import type { AccountVisit } from './visit.ts';

/** The values of `done` in the address of the first page, after a form. */
export const DONE = {
  session: 'session',
  sessions: 'sessions',
  application: 'application',
  factorAdded: 'added',
  factorRemoved: 'removed',
  passkeyRenamed: 'renamed',
  unproven: 'unproven',
} as const;

type Done = (typeof DONE)[keyof typeof DONE];

const SENTENCES: Record<Done, string> = {
  session: 'That browser is signed out.',
  sessions: 'All other browsers are signed out.',
  application: 'That application has no access any more.',
  added: 'You can sign in with it from now on.',
  removed: 'It is removed.',
  renamed: 'The passkey has its new name.',
  unproven: 'You did not confirm that it is you, so nothing was changed.',
};

/** Anybody may write such an address, so it chooses among these sentences. */
export function sentenceOf(done: unknown): string | undefined {
  return typeof done === 'string' && Object.hasOwn(SENTENCES, done) ? SENTENCES[done as Done] : undefined;
}

export function goHome({ ctx, instance }: Pick<AccountVisit, 'ctx' | 'instance'>, done?: Done): void {
  redirect(ctx, `${accountAddress(instance.id)}${done === undefined ? '' : `?done=${done}`}`);
}
