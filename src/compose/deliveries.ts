import type { Config } from '../config.ts';
import type { Sender } from '../deliveries/delivery.ts';
import { createDeliveryStore, type DeliveryStore } from '../deliveries/delivery-store.ts';
import { type Outbox, outbox } from '../deliveries/outbox.ts';
import { BACK_CHANNEL_LOGOUT, backChannelLogout } from '../sign-out/back-channel.ts';
import type { Foundation } from './foundation.ts';
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
  }: Pick<Foundation, 'clock' | 'rowClock' | 'database' | 'outboundFetch' | 'metrics' | 'logger'> &
    Pick<Registration, 'clients'> &
    Pick<Signing, 'keyRings'>,
  { issuer }: Pick<Config, 'issuer'>,
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
  };
  return {
    deliveries,
    outbox: outbox({ store: deliveries, senders, clock: rowClock, metrics, logger }),
  };
}
