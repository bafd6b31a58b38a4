/**
 * OpenID Connect Back-Channel Logout 1.0: tells an application's server that a person was signed out. Triggers queue the
 * news where a session ends (migrations/functions/end_session.sql); the outbox sends it.
 */
import type { Client } from '../clients/client.ts';
import type { ClientStore } from '../clients/client-store.ts';
import { type Delivery, type Sender, UndeliveredError } from '../deliveries/delivery.ts';
import type { CurrentKey, KeyRing } from '../keys/key-ring.ts';
import { OutboundFailure, type OutboundFetch } from '../platform/network/outbound-fetch.ts';
import type { Clock } from '../platform/time/clock.ts';
import { signersFor } from '../tokens/issue-tokens.ts';
import { signLogoutToken } from '../tokens/logout-token.ts';

/** The kind of these deliveries. */
export const BACK_CHANNEL_LOGOUT = 'backchannel_logout';

interface BackChannelDependencies {
  issuer: string;
  clients: ClientStore;
  keyRing: KeyRing;
  clock: Clock;
  fetch: OutboundFetch;
}

/** The address and the key are those of this moment, so what a registration has put right helps what still waits. */
export function backChannelLogout(d: BackChannelDependencies): Sender {
  return async ({ clientId, payload }) => {
    const client = clientId === null ? undefined : await d.clients.find(clientId);
    if (!client) throw new UndeliveredError('The client is disabled, or not registered any more.');
    const { backchannelLogoutUri } = client;
    if (backchannelLogoutUri === null)
      throw new UndeliveredError('The client has no backchannel_logout_uri.');
    const about = { clientId: client.id, ...aboutOf(payload) };
    const token = await signLogoutToken(about, signerFor(client, d.keyRing), d);
    const status = await post(backchannelLogoutUri, token, d.fetch);
    if (status < 200 || status > 299) throw new UndeliveredError(refusedWith(status));
  };
}

function aboutOf({ sub, sid }: Delivery['payload']): { sub: string; sid: string | undefined } {
  if (typeof sub !== 'string') throw new UndeliveredError('The delivery names no person.');
  return { sub, sid: typeof sid === 'string' ? sid : undefined };
}

function signerFor(client: Client, keyRing: KeyRing): CurrentKey {
  try {
    return signersFor(client, keyRing).idToken;
  } catch (error) {
    throw new UndeliveredError(`There is no key yet to sign ${client.idTokenSignedResponseAlg} with.`, error);
  }
}

/** Returns the status of the answer. Its body is read by nobody, and may have the token in it. */
async function post(uri: string, token: string, fetch: OutboundFetch): Promise<number> {
  try {
    const { status } = await fetch(uri, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    return status;
  } catch (error) {
    if (error instanceof OutboundFailure) throw new UndeliveredError(error.message, error);
    if (error instanceof DOMException && error.name === 'TimeoutError')
      throw new UndeliveredError(`${new URL(uri).host} did not answer within ten seconds.`, error);
    throw error;
  }
}

function refusedWith(status: number): string {
  const redirects = status >= 300 && status <= 399 ? ', and a redirect is not followed' : '';
  return `The client answered with status ${status}${redirects}.`;
}
