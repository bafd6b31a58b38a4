import { errors, Provider, type ResponseType } from 'oidc-provider';
import { mayBeAnsweredBy, mayReturnTo } from '../../clients/allowed-now.ts';
import type { Client as ClientRecord } from '../../clients/client.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import { registered } from '../../refusals/registered.ts';
import { DEVICE_CODE_GRANT } from '../../tokens/redeem-device-code.ts';
import { because } from '../reasons/refused-because.ts';
import { requestContext } from '../request-context.ts';
import { clientRecord, findClient } from '../storage/client-metadata.ts';
import { replace } from './replace.ts';

type Client = InstanceType<Provider['Client']>;
/** The types of the library do not have it. */
type ResponseModeAllowed = (mode: string | undefined, responseType: unknown, profile: unknown) => boolean;

/**
 * Makes the library's client only once for each record. The library would write out and hash the whole record with
 * each request, to see whether it has changed. A changed record is another object.
 */
export function keepClients(provider: Provider, { clients }: { clients: ClientStore }): void {
  const { Client } = provider;
  const find = Client.find.bind(Client);
  const known = new WeakMap<ClientRecord, Client>();

  replace(Client, {
    async find(id: string): Promise<Client | undefined> {
      const record = typeof id === 'string' && id !== '' ? await findClient(clients, id) : undefined;
      if (!record) return undefined;
      const kept = known.get(record);
      if (kept) return kept;
      const client = await find(id);
      // The library has one client for equal records, so this one may hold an earlier copy of the record.
      if (client) known.set(record, client);
      return client;
    },
  });
}

/**
 * A grant or response type that the server has but this client may not use is `unauthorized_client` (RFC 6749
 * sections 4.1.2.1 and 5.2). The library would answer `invalid_request`. An address is registered by the same rule
 * here as when the code is exchanged.
 */
export function correctClients(provider: Provider): void {
  const { prototype } = provider.Client;
  const { grantTypeAllowed, responseTypeAllowed } = prototype;
  const { responseModeAllowed } = prototype as Client & { responseModeAllowed: ResponseModeAllowed };

  replace(prototype, {
    redirectUriAllowed(this: Client, uri: string) {
      return mayReturnTo(clientRecord(this), uri);
    },

    grantTypeAllowed(this: Client, type: string) {
      const allowed = grantTypeAllowed.call(this, type);
      const asked = Provider.ctx?.oidc.route === 'device_authorization' && type === DEVICE_CODE_GRANT;
      if (!allowed && asked) {
        throw because(new errors.UnauthorizedClient(`This client may not use the grant type ${type}`), {
          reason: 'device.grant_not_allowed',
          came: { grant_type: type },
          expected: { grant_types: registered(clientRecord(this).grantTypes) },
        });
      }
      return allowed;
    },

    // It is the first thing that the library asks about a request, when it knows how to tell the client of a refusal.
    responseModeAllowed(this: Client, ...[mode, ...others]: Parameters<ResponseModeAllowed>) {
      const { requestRefusal } = requestContext();
      if (requestRefusal) throw requestRefusal;
      const isRegistered = mode === undefined || mayBeAnsweredBy(clientRecord(this), mode);
      return isRegistered && responseModeAllowed.call(this, mode, ...others);
    },

    responseTypeAllowed(this: Client, type: ResponseType) {
      if (!responseTypeAllowed.call(this, type)) {
        // Clients that are registered are answered as if the server had no such type.
        if (type === 'none') throw new errors.UnsupportedResponseType();
        throw because(new errors.UnauthorizedClient(`This client may not use the response type ${type}`), {
          reason: 'response_type.not_allowed',
          came: { response_type: type },
          expected: { grant_types: ['authorization_code'] },
        });
      }
      return true;
    },
  });
}
