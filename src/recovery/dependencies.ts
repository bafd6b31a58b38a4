import type { NewPasswords } from '../accounts/new-password.ts';
import type { PersonStore } from '../accounts/person-store.ts';
import type { Guesses } from '../authentication/guesses/guesses.ts';
import type { AskingBrowser } from '../http/pages/asking-browser.ts';
import type { Csrf } from '../http/pages/csrf.ts';
import type { Views } from '../http/pages/views.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { AddressChanges } from '../mail/links/address-changes.ts';
import type { PasswordLinks } from '../mail/links/password-links.ts';

/** The services of these pages. */
export interface RecoveryDependencies {
  issuer: string;
  instances: Pick<InstanceStore, 'find'>;
  people: Pick<PersonStore, 'canonicalAddress' | 'find'>;
  passwordLinks: PasswordLinks;
  addressChanges: AddressChanges;
  newPasswords: NewPasswords;
  guesses: Guesses;
  failuresPerMinute: number;
  askingBrowser: AskingBrowser;
  views: Views;
  csrf: Csrf;
}
