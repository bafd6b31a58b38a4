import { type Browser, openBrowser, type Page } from '../browsers/browser.ts';
import { ADA, passThrough } from '../clients/relying-party.ts';
import type { SecureServer } from './secure-server.ts';

/** A person with a browser, at the addresses that clients of other authors give them. */
export interface Person {
  browser: Browser;
  /**
   * Opens an address, signs in and allows where our pages ask, and follows all redirects, also those of an application
   * that listens. Returns the page at the end.
   */
  visit(address: string): Promise<Page>;
  /**
   * Opens an authorization request, and returns the address to which the browser is sent with the answer. A pushed
   * request does not say its redirect URI.
   */
  answer(authorizationRequest: string, redirectUri?: string): Promise<string>;
}

export function openPerson(
  { url, plainUrl }: Pick<SecureServer, 'url' | 'plainUrl'>,
  person: { email: string; password: string } = ADA,
): Person {
  const browser = openBrowser({ servedAt: { [url]: plainUrl } });
  const visit = async (address: string, stopAt?: string) =>
    passThrough(await browser.follow(await browser.get(address), stopAt), { browser, person, stopAt });
  return {
    browser,
    visit: (address) => visit(address),
    async answer(authorizationRequest, redirectUri) {
      const stopAt = redirectUri ?? new URL(authorizationRequest).searchParams.get('redirect_uri');
      if (!stopAt) throw new Error(`No redirect_uri in ${authorizationRequest}`);
      const page = await visit(authorizationRequest, stopAt);
      if (!page.location) throw new Error(`It ended at ${page.url} with ${page.status}:\n${page.html}`);
      return page.location;
    },
  };
}
