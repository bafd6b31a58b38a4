import { freePort } from '../../../scripts/free-port.ts';
import { startApplication } from '../browsers/application.ts';
import { launchChromium } from '../browsers/chromium.ts';
import { ADA } from '../clients/relying-party.ts';
import { aClient, type TestClient } from '../registrations/factories.ts';
import type { SecureServer } from './secure-server.ts';

/** For each step, on a machine that others use as well. */
const PATIENCE_MS = 90_000;

/** A single-page application in Chromium, made of one module, whose exports are `app` on its page. */
export interface PageApplication {
  /** Calls it on the page of the redirect URI, and passes all our pages until the browser is back there. */
  signIn(script: string): Promise<void>;
  /** Calls it, and waits until the browser went away and came back, without a question by a page of ours. */
  signOut(script: string): Promise<void>;
  /** The value of a script on the page, when it has one. */
  evaluate<T>(script: string): Promise<T>;
  /** All problems that the browser had, such as an answer that the page may not read. */
  problems: readonly string[];
  close(): Promise<void>;
}

/** Registers a public client with an address of its own, and opens the page of the module for it. */
export async function openPageApplication(
  server: SecureServer,
  makeModule: (client: TestClient) => Promise<string>,
): Promise<PageApplication> {
  const port = await freePort();
  const redirectUri = `http://127.0.0.1:${port}/spa/callback`;
  const client = await aClient(server, {
    type: 'public',
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [redirectUri],
  });
  const application = await startApplication({
    port,
    pages: {
      '/spa/callback': { type: 'text/html; charset=utf-8', body: PAGE },
      '/module.js': { type: 'text/javascript; charset=utf-8', body: await makeModule(client) },
    },
  });
  const chromium = await launchChromium();
  // The server's certificate is made for the test.
  const { page, problems } = await chromium.open({ ignoreHTTPSErrors: true });
  page.setDefaultTimeout(PATIENCE_MS);
  const opened = () => page.waitForFunction('window.app !== undefined');
  return {
    async signIn(script) {
      await page.goto(redirectUri);
      await opened();
      // The promise of a library that leaves the page never resolves.
      await page.evaluate(`${script}.catch(console.error); 0`);
      await page
        .getByLabel('Email address')
        .fill(ADA.email)
        .catch(({ message }) => {
          throw new Error([message, `The page at ${page.url()} said:`, ...problems].join('\n'));
        });
      await page.getByLabel('Password').fill(ADA.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(({ href }) => href.startsWith(redirectUri));
      await opened();
    },
    async signOut(script) {
      await page.evaluate(`window.signedIn = true; ${script}; 0`);
      const { origin } = new URL(redirectUri);
      await page.waitForFunction(`window.signedIn === undefined && location.origin === '${origin}'`);
    },
    evaluate: (script) => page.evaluate(script),
    problems,
    async close() {
      await chromium.close();
      await application.close();
    },
  };
}

const PAGE = `<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,">
<script type="module">
import * as app from '/module.js';
window.app = app;
</script></html>`;
