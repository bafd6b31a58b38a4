import { type Browser, errorOf, openBrowser } from '../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB } from '../support/clients/relying-party.ts';
import { aPasskey, optionsOf } from '../support/passkeys/passkey-pages.ts';
import {
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from '../support/passkeys/software-authenticator.ts';
import { aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { rowsTestedBy } from '../support/sources/security-document.ts';

let server: TestServer;
/** A process remembers which address is refused. */
beforeEach(async () => {
  server = await startTestServer({ env: { FAILURES_PER_MINUTE: '20' } });
});
afterEach(() => server.close());

/** Brings a passkey to the sign-in page. */
async function signIn(device: SoftwareAuthenticator, browser: Browser = openBrowser()) {
  const url = authorizationUrl(server.url, { prompt: 'login' });
  const page = await browser.follow(await browser.get(url));
  const answer = JSON.stringify(device.get(optionsOf(page)));
  return browser.follow(await browser.submit(page, '/passkey', { answer }), DEMO_WEB.redirect_uri);
}

const nobodys = () => softwareAuthenticator({ origin: server.url });

async function useUpAddress(): Promise<void> {
  for (let n = 0; n < 20; n += 1) expect((await signIn(nobodys())).status).toBe(401);
}

const TESTED: Record<string, () => Promise<void>> = {
  'An address sends wrong answers of passkeys': async () => {
    const device = await aPasskey(server, await aPerson(server));
    await useUpAddress();
    const refused = await signIn(device);
    expect({ status: refused.status, error: errorOf(refused) }).toEqual({
      status: 429,
      error: expect.stringMatching(/^Too many attempts. Try again in \d+ seconds?\.$/),
    });
  },
  'A person uses a passkey in a browser in which they did before': async () => {
    const device = await aPasskey(server, await aPerson(server));
    const browser = openBrowser();
    expect((await signIn(device, browser)).location).toMatch(/[?&]code=/);
    await useUpAddress();
    expect((await signIn(device, browser)).location).toMatch(/[?&]code=/);
    expect((await signIn(nobodys(), browser)).status).toBe(429);
  },
};

describe('somebody', () => {
  it.each(Object.entries(TESTED))('%s', (_, test) => test());

  it('is in each row of docs/security.md', () => {
    expect(rowsTestedBy('who-shuts-out-passkeys')).toEqual(Object.keys(TESTED));
  });
});
