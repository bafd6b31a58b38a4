import type { Context } from 'koa';
import { applicationLinks } from '../clients/application-links.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { RegistrationCache } from '../clients/registration-cache.ts';
import type { FindPageOwner } from '../http/error-handler.ts';
import { requestState } from '../http/records/request-state.ts';
import { brandOf } from '../instances/brand.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import { instancesKnowingBrowser } from '../sessions/known-browser-cookie.ts';
import { instancesInCookies } from '../sessions/session-cookie.ts';

/**
 * Finds whose page an error interrupts: that of the client, of the instance in the address, or of the only instance that
 * this browser's cookies name. A client that only an address names is looked up in memory alone, since anybody may make
 * up such addresses.
 */
export function createFindPageOwner({
  clients,
  instances,
  remembered,
  issuer,
  https,
}: {
  clients: Pick<ClientStore, 'find'>;
  instances: Pick<InstanceStore, 'find'>;
  remembered: RegistrationCache['remembered'];
  issuer: string;
  https: boolean;
}): FindPageOwner {
  return async (ctx, { mayAsk }) => {
    const { client: clientId, instance } = requestState(ctx.req);
    const findClient = clientId !== undefined && mayAsk ? clients.find : remembered.client;
    const findInstance = mayAsk ? instances.find : remembered.instance;
    try {
      const client = await findClient(clientId ?? clientInAddress(ctx));
      const instanceId = client?.instanceId ?? instance ?? instanceOfBrowser(ctx, { https });
      const found = instanceId === undefined ? undefined : await findInstance(instanceId);
      return { brand: found && brandOf(found), links: client ? applicationLinks(client, issuer) : [] };
    } catch {
      // The page must not fail, too.
      return { links: [] };
    }
  };
}

/** Koa would parse all parameters, in a time that grows with the square of their number. Two mean neither. */
function clientInAddress({ querystring }: Context): string {
  const [named = '', ...others] = new URLSearchParams(querystring).getAll('client_id');
  return others.length === 0 ? named : '';
}

/** Only one instance can be meant by all cookies. */
function instanceOfBrowser(ctx: Context, { https }: { https: boolean }): string | undefined {
  const cookies = ctx.get('cookie');
  const [signedIn, ...others] = new Set(instancesInCookies(cookies, { https }));
  if (signedIn !== undefined) return others.length === 0 ? signedIn : undefined;
  const [known, ...more] = new Set(instancesKnowingBrowser(cookies, { https }));
  return more.length === 0 ? known : undefined;
}
