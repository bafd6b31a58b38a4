import type { Config } from '../config.ts';
import type { Sender } from '../deliveries/delivery.ts';
import { createDeliveryStore, type DeliveryStore } from '../deliveries/delivery-store.ts';
import { type Outbox, outbox } from '../deliveries/outbox.ts';
import { MAIL } from '../mail/mail.ts';
import { mailSender } from '../mail/send-mail.ts';
import { BACK_CHANNEL_LOGOUT, backChannelLogout } from '../sign-out/back-channel.ts';
import type { Foundation } from './foundation.ts';
import type { MailParts } from './mail.ts';
import type { Registration } from './registration.ts';
import type { Signing } from './signing.ts';

/** The outbox, and who sends what. */
export interface DeliveryParts {
  deliveries: DeliveryStore;
  outbox: Outbox;
}

export function composeDeliveries(
  {
    clients,
    keyRings,
    clock,
    rowClock,
    database,
    outboundFetch,
    metrics,
    logger,
    outgoingMail,
    composeMail,
  }: Pick<Foundation, 'clock' | 'rowClock' | 'database' | 'outboundFetch' | 'metrics' | 'logger'> &
    Pick<Registration, 'clients'> &
    Pick<Signing, 'keyRings'> &
    Pick<MailParts, 'outgoingMail' | 'composeMail'>,
  { issuer, mail }: Pick<Config, 'issuer' | 'mail'>,
): DeliveryParts {
  const deliveries = createDeliveryStore(database.background);
  const senders: Record<string, Sender> = {
    [BACK_CHANNEL_LOGOUT]: backChannelLogout({
      issuer,
      clients,
      keyRing: keyRings.oidc,
      clock,
      fetch: outboundFetch,
    }),
    ...(mail && { [MAIL]: mailSender({ settings: mail, outgoing: outgoingMail, compose: composeMail }) }),
  };
  return {
    deliveries,
    outbox: outbox({ store: deliveries, senders, clock: rowClock, metrics, logger }),
  };
}
