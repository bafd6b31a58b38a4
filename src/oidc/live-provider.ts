import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';

/**
 * The current Provider. The library reads its signing keys only when a Provider is made, so a rotation makes another
 * one and swaps them. New requests use the new one while the old one finishes its own. Sessions and interactions are
 * in the database, so a person in the middle of signing in notices nothing.
 */
export interface LiveProvider {
  readonly current: Provider;
  /** Lets the current Provider answer. Its callback is made once, not for each request. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** Makes a new Provider with the current keys. */
  renew(): void;
}

export function createLiveProvider(make: () => Provider): LiveProvider {
  let provider = make();
  let callback = provider.callback();
  return {
    get current() {
      return provider;
    },
    handle: (req, res) => callback(req, res),
    renew() {
      provider = make();
      callback = provider.callback();
    },
  };
}
