import { createCredentialStore } from '../accounts/credential-store.ts';
import { createPersonStore } from '../accounts/person-store.ts';
import type { Config } from '../config.ts';
import { type ComposeMail, createComposeMail } from '../mail/compose-mail.ts';
import { createLinkStore } from '../mail/links/link-store.ts';
import { createPasswordLinks, type PasswordLinks } from '../mail/links/password-links.ts';
import { createNotices, type Notices } from '../mail/notices.ts';
import { createOutgoingMailStore, type OutgoingMailStore } from '../mail/outgoing-mail-store.ts';
import { createBoxFor } from '../platform/secrets/secret-box.ts';
import type { Foundation } from './foundation.ts';
import type { Registration } from './registration.ts';

/** Mail to people. */
export interface MailParts {
  outgoingMail: OutgoingMailStore;
  notices: Notices;
  composeMail: ComposeMail;
  passwordLinks: PasswordLinks;
}

export function composeMail(
  { database, instances }: Pick<Foundation, 'database'> & Pick<Registration, 'instances'>,
  { issuer, mail, secrets }: Pick<Config, 'issuer' | 'mail' | 'secrets'>,
): MailParts {
  const { knex: db } = database;
  const keys = secrets.keyEncryptionKeys;
  const outgoingMail = createOutgoingMailStore({
    box: createBoxFor('mail', keys),
    isSent: mail !== undefined,
  });
  const notices = createNotices(outgoingMail);
  return {
    outgoingMail,
    notices,
    passwordLinks: createPasswordLinks({
      db,
      links: createLinkStore(db),
      credentials: createCredentialStore(db),
      outgoing: outgoingMail,
      notices,
      box: createBoxFor('one-time links', keys),
      keys,
      issuer,
    }),
    composeMail: createComposeMail({ people: createPersonStore(database.background), instances }),
  };
}
