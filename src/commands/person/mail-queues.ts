import { createMailQueues, type MailQueues } from '../../mail/create-mail.ts';
import type { Queryable } from '../../platform/database.ts';
import { OperatorError } from '../../platform/errors.ts';
import type { MailQueueSettings } from '../command.ts';

/**
 * The parts that queue mail in the transaction of a command; the server sends it.
 * @throws OperatorError where nobody says to which server its links lead.
 */
export function mailQueuesOf(
  db: Queryable,
  { issuer, keyEncryptionKeys, isSent }: MailQueueSettings,
): MailQueues {
  if (issuer === undefined)
    throw new OperatorError(
      'ISSUER is not set, so nobody knows where the links of a mail lead. Give that of the server.',
    );
  return createMailQueues({ db, issuer, keyEncryptionKeys, isSent });
}
