import { createPersonStore } from '../accounts/person-store.ts';
import type { Config } from '../config.ts';
import { type ComposeMail, createComposeMail } from '../mail/compose-mail.ts';
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
}

export function composeMail(
  { database, instances }: Pick<Foundation, 'database'> & Pick<Registration, 'instances'>,
  { mail, secrets }: Pick<Config, 'mail' | 'secrets'>,
): MailParts {
  const outgoingMail = createOutgoingMailStore({
    box: createBoxFor('mail', secrets.keyEncryptionKeys),
    isSent: mail !== undefined,
  });
  return {
    outgoingMail,
    notices: createNotices(outgoingMail),
    composeMail: createComposeMail({ people: createPersonStore(database.background), instances }),
  };
}
