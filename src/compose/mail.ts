import { createPersonStore } from '../accounts/person-store.ts';
import type { Config } from '../config.ts';
import { type ComposeMail, createComposeMail } from '../mail/compose-mail.ts';
import { createMailQueues, type MailQueues } from '../mail/create-mail.ts';
import type { Foundation } from './foundation.ts';
import type { Registration } from './registration.ts';

/** Mail to people. */
export interface MailParts extends MailQueues {
  composeMail: ComposeMail;
}

export function composeMail(
  { database, instances }: Pick<Foundation, 'database'> & Pick<Registration, 'instances'>,
  { issuer, mail, secrets }: Pick<Config, 'issuer' | 'mail' | 'secrets'>,
): MailParts {
  const { keyEncryptionKeys } = secrets;
  const isSent = mail !== undefined;
  return {
    ...createMailQueues({ db: database.knex, issuer, keyEncryptionKeys, isSent }),
    composeMail: createComposeMail({ people: createPersonStore(database.background), instances }),
  };
}
