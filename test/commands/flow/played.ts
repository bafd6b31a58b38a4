import { PassThrough } from 'node:stream';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { ADA, passThrough } from '../../support/clients/relying-party.ts';
import { type Run, runOn } from '../../support/registrations/command-line.ts';
import type { TestServer } from '../../support/servers/test-server.ts';

/** Somebody at a terminal: the input of the command, and a browser. */
export interface AtTerminal {
  input: PassThrough;
  browser: Browser;
}

/**
 * Plays `npx listo flow …` against a server. A person opens each address that it prints, signs in and allows; their
 * browser follows the answer to loopback, or they paste where it ended.
 */
export async function played(
  server: TestServer,
  words: readonly string[],
  {
    secret,
    openDatabase,
    person = ADA,
    stopAt = 'http://127.0.0.1',
    stays = false,
  }: {
    secret?: string;
    openDatabase?: () => Promise<never>;
    person?: { email: string; password: string };
    /** Where the browser stops, if nobody listens there. */
    stopAt?: string;
    /** Whether the person opens nothing. */
    stays?: boolean;
  } = {},
): Promise<Run & { text: string }> {
  const input = new PassThrough();
  if (secret !== undefined) input.write(`${secret}\n`);
  const browser = openBrowser();
  let ended: string | undefined;
  let visit: Promise<void> | undefined;
  const out: string[] = [];
  const read = (line: string) => {
    const [address] = /https?:\/\/\S*\/auth\/(?:authorize|device)\?\S*/.exec(line) ?? [];
    const isOpened = !stays && address !== undefined && !line.startsWith('curl');
    if (isOpened && address !== undefined) visit = signInAt(address);
  };
  const signInAt = async (address: string) => {
    const first = await browser.follow(await browser.get(address), stopAt);
    let page = await passThrough(first, { browser, person, stopAt });
    if (page.html.includes('name="confirm"'))
      page = await browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
    if (page.html.includes('name="password"')) page = await passThrough(page, { browser, person, stopAt });
    // A form that posts itself.
    const [, action] = /<form[^>]*action="(http:\/\/127\.0\.0\.1[^"]*)"/.exec(page.html) ?? [];
    if (action !== undefined) await browser.submit(page, action);
    ended = page.location;
    if (ended?.startsWith('http://127.0.0.1') || ended?.startsWith('http://localhost'))
      await fetch(ended).catch(() => {});
  };
  let err = '';
  const run = await runOn(server.database, ['flow', ...words], {
    input,
    issuer: () => server.url,
    ...(openDatabase ? { openDatabase } : {}),
    print: (line) => {
      out.push(line);
      read(line);
    },
    say: (text) => {
      err += text;
      for (const line of text.split('\n')) read(line);
      if (text.startsWith('Paste')) void visit?.then(() => input.write(`${ended}\n`));
    },
  });
  await visit;
  return { ...run, out, err, text: out.join('\n') };
}
