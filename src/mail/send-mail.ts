import type { Sender } from '../deliveries/delivery.ts';
import type { ComposeMail } from './compose-mail.ts';
import type { OutgoingMailStore } from './outgoing-mail-store.ts';
import type { MailSettings } from './settings.ts';

/** It and its library are loaded when the first mail is sent. */
type Smtp = typeof import('./smtp.ts');

/** Hands a mail of the outbox to the mail server. In development, the page of the demo shows it instead. */
export function mailSender({
  settings,
  outgoing,
  compose,
}: {
  settings: MailSettings;
  outgoing: Pick<OutgoingMailStore, 'open'>;
  compose: ComposeMail;
}): Sender {
  let smtp: Promise<Smtp> | undefined;
  return async ({ payload }) => {
    const mail = await compose(outgoing.open(payload));
    if (!mail || settings.by === 'demo') return;
    smtp ??= import('./smtp.ts');
    const { sendBySmtp } = await smtp;
    await sendBySmtp(mail, settings);
  };
}
