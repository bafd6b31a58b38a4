import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A real Chromium, and the problems on the pages that it showed. */
export interface Chromium {
  /** A browser profile of its own: no cookies, no history. */
  open(options?: BrowserContextOptions): Promise<Visit>;
  /** A profile in which the person's settings block all cookies. */
  openWithoutCookies(): Promise<Visit>;
  close(): Promise<void>;
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** All problems so far: violations of the content policy, script errors, resources that did not load. */
  problems: string[];
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const PROGRAM = { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS };
/** The number that Chromium's settings have for it. */
const BLOCK = 2;

export async function launchChromium(): Promise<Chromium> {
  const browser = await chromium.launch(PROGRAM);
  return {
    async open(options = {}) {
      return visitIn(await browser.newContext(options));
    },
    async openWithoutCookies() {
      // Playwright has no option for it, so this is the file that the settings page would write.
      const folder = await mkdtemp(join(tmpdir(), 'chromium-'));
      await mkdir(join(folder, 'Default'));
      const preferences = { profile: { default_content_setting_values: { cookies: BLOCK } } };
      await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify(preferences));
      const context = await chromium.launchPersistentContext(folder, PROGRAM);
      // Chromium may still be writing. A folder that stays behind is no failure of a test.
      context.on('close', () =>
        rm(folder, { recursive: true, force: true, maxRetries: 20 }).catch(() => undefined),
      );
      return visitIn(context);
    },
    close: () => browser.close(),
  };
}

async function visitIn(context: BrowserContext): Promise<Visit> {
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // The browser logs the status of an error page, which is no problem.
    if (message.location().url === page.url() && message.text().startsWith('Failed to load resource')) return;
    problems.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on('requestfailed', (request) => {
    // The browser itself gave up this request, for another navigation.
    if (request.failure()?.errorText === 'net::ERR_ABORTED') return;
    problems.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  return { page, context, problems };
}

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];

/** The findings of axe on the current page, one line each. */
export async function axe(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const SMALLEST = { width: 320, height: 640 };

/**
 * Checks a page in light and dark, wide and on a phone. Returns the findings of axe, and whether the page scrolls
 * sideways at 320 pixels (WCAG 1.4.10). Saves pictures in the folder that `SCREENSHOTS` names, if it is set.
 */
export async function inspect(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
      await page.setViewportSize(viewport);
      await takePicture(page, `${name}-${colorScheme}-${size}`);
      found.push(...(await axe(page)).map((line) => `${colorScheme}, ${size}: ${line}`));
    }
  }
  await page.setViewportSize(SMALLEST);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  if (width > SMALLEST.width) found.push(`${width} pixels wide on a screen of ${SMALLEST.width}`);
  await page.setViewportSize(WIDE);
  return found;
}

async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
