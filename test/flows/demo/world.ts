import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { ADA } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

/** A server with the demo, and its visitors. */
export interface DemoWorld {
  start(): Promise<void>;
  close(): Promise<void>;
  server(): TestServer;
  issuer(): string;
  /** A browser that has signed in to the demo, and its page. */
  signedIn(): Promise<{ browser: Browser; page: Page }>;
  /** A browser that has signed in and stops before the issuer's answer reaches the demo. */
  beforeCallback(): Promise<{ browser: Browser; callback: URL }>;
}

export function aDemoWorld(): DemoWorld {
  let server: TestServer;
  const answered = async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(`${server.url}/demo/sign-in`));
    return { browser, answer: await signInAsAda(browser, form) };
  };
  return {
    async start() {
      server = await startTestServer();
    },
    close: () => server.close(),
    server: () => server,
    issuer: () => server.url,
    async signedIn() {
      const { browser, answer } = await answered();
      return { browser, page: await browser.follow(answer) };
    },
    async beforeCallback() {
      const { browser, answer } = await answered();
      const { location = '' } = await browser.follow(answer, `${server.url}/demo/callback`);
      return { browser, callback: new URL(location) };
    },
  };
}

export function signInAsAda(browser: Browser, form: Page): Promise<Page> {
  return browser.submit(form, '/sign-in', { email: ADA.email, password: ADA.password });
}

/** Presses a step's button, and returns the next page. */
export async function press(browser: Browser, page: Page, step: string): Promise<Page> {
  return browser.follow(await browser.submit(page, `/demo/${step}`));
}

const entities: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};
const plain = (html = '') =>
  html.replaceAll(/<[^>]*>/g, '').replaceAll(/&\w+;|&#39;/g, (entity) => entities[entity] ?? entity);
const oneLine = (html: string | undefined) => plain(html).replaceAll(/\s+/g, ' ').trim();

/** The text of a code block, by its label for screen readers. */
export function block({ html }: Page, label: string): string {
  return plain(new RegExp(`aria-label="${label}"><code[^>]*>([\\s\\S]*?)</code>`).exec(html)?.[1]);
}

export function answerIn(page: Page, label: string) {
  return JSON.parse(block(page, label));
}

export function progress({ html }: Page): Record<string, string> {
  const titles = html.matchAll(/tour__title--(\w+)" id="([\w-]+)-title"/g);
  return Object.fromEntries([...titles].map(([, state = '', id = '']) => [id, state]));
}

export function heading({ html }: Page): string {
  return plain(/<h1>([\s\S]*?)<\/h1>/.exec(html)?.[1]);
}

/** The first paragraph of a step. */
export function firstWords({ html }: Page, step: string): string {
  return oneLine(new RegExp(`id="${step}-title">[\\s\\S]*?<p[^>]*>([\\s\\S]*?)</p>`).exec(html)?.[1]);
}

export function problem(page: Page) {
  return {
    status: page.status,
    title: heading(page),
    code: plain(/<dt>Code<\/dt><dd>([\s\S]*?)<\/dd>/.exec(page.html)?.[1]),
  };
}

/** The ways on that a problem page offers: where each button leads. */
export function waysOn({ html }: Page): Record<string, string> {
  const links = html.matchAll(/<a id="[^"]*" class="button[^"]*" href="([^"]*)">([^<]*)</g);
  return Object.fromEntries([...links].map(([, href = '', name = '']) => [name.trim(), href]));
}

export function alert({ html }: Page): string {
  return oneLine(/role="alert">[\s\S]*?<p>([\s\S]*?)<\/p>/.exec(html)?.[1]);
}

export function notice({ html }: Page): string {
  return plain(/role="status">[\s\S]*?<p>([\s\S]*?)<\/p>/.exec(html)?.[1]);
}

/** The parts of the demo that a page leads to. */
export function parts({ html }: Page): string[] {
  const nav = /<nav class="flows"[\s\S]*?<\/nav>/.exec(html)?.[0] ?? '';
  return [...nav.matchAll(/<a [^>]*>([^<]*)</g)].map(([, name = '']) => name);
}
