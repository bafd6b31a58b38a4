import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';

/**
 * The Provider that serves now. The library reads its signing keys once, when it is made, so a rotation makes
 * another and swaps it: new requests go to the new one while the old finishes its own. Sessions and interactions
 * live in the database, so a person half-way through signing in does not notice.
 */
export interface LiveProvider {
  readonly current: Provider;
  /** Lets the current Provider answer; made ready once, not for each request. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** Makes a Provider anew, with the keys as they are now. */
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
