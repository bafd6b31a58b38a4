import { createCredentialStore } from '../accounts/credential-store.ts';
import type { Queryable } from '../platform/database.ts';
import { createBoxFor } from '../platform/secrets/secret-box.ts';
import { type AddressChanges, createAddressChanges } from './links/address-changes.ts';
import { createLinkStore } from './links/link-store.ts';
import { createPasswordLinks, type PasswordLinks } from './links/password-links.ts';
import { createNotices, type Notices } from './notices.ts';
import { createOutgoingMailStore, type OutgoingMailStore } from './outgoing-mail-store.ts';

/** Everything that queues mail, for a server and for a command. */
export interface MailQueues {
  outgoingMail: OutgoingMailStore;
  notices: Notices;
  passwordLinks: PasswordLinks;
  addressChanges: AddressChanges;
}

export function createMailQueues({
  db,
  issuer,
  keyEncryptionKeys: keys,
  isSent,
}: {
  db: Queryable;
  issuer: string;
  keyEncryptionKeys: readonly Buffer[];
  /** Whether the server sends mail; otherwise nothing is queued. */
  isSent: boolean;
}): MailQueues {
  const outgoing = createOutgoingMailStore({ box: createBoxFor('mail', keys), isSent });
  const notices = createNotices(outgoing);
  const dependencies = {
    db,
    links: createLinkStore(db),
    credentials: createCredentialStore(db),
    outgoing,
    notices,
    box: createBoxFor('one-time links', keys),
    keys,
    issuer,
  };
  return {
    outgoingMail: outgoing,
    notices,
    passwordLinks: createPasswordLinks(dependencies),
    addressChanges: createAddressChanges(dependencies),
  };
}
