import type { Page } from 'playwright-core';
import type { Command, Task, Visit } from './browser-steps.ts';

const MS = 1000;

/** The parts of a plan's configuration that say what the browser does. */
export interface BrowserConfiguration {
  browser: readonly Visit[];
  override: Readonly<Record<string, { browser: readonly Visit[] }>>;
}

/**
 * Opens an address, and does with a real browser what the suite's browser would do there in a module. It reads the
 * configuration as the suite does: the first entry that matches, and its tasks in their order.
 */
export async function visitAsSuite(
  page: Page,
  url: string,
  { configuration, module }: { configuration: BrowserConfiguration; module?: string },
): Promise<void> {
  const visits = configuration.override[module ?? '']?.browser ?? configuration.browser;
  const visit = visits.find(({ match }) => fits(match, url));
  if (!visit) throw new Error(`No entry for ${url}`);
  await page.goto(url);
  for (const task of visit.tasks) await take(task, page);
}

async function take({ task, match = '*', optional = false, commands = [] }: Task, page: Page): Promise<void> {
  if (!fits(match, page.url())) {
    if (optional) return;
    throw new Error(`${task}: the browser is at ${page.url()}, not at ${match}`);
  }
  for (const command of commands) await obey(command, page);
}

async function obey([what, by, target, ...rest]: Command, page: Page): Promise<void> {
  const element = page.locator(by === 'id' ? `#${target}` : `xpath=${target}`).first();
  switch (what) {
    case 'text':
      return element.fill(String(rest[0]));
    case 'click':
      await element.click();
      return page.waitForLoadState();
    case 'wait': {
      const [seconds, text] = rest;
      await element.waitFor({ state: 'attached', timeout: Number(seconds) * MS });
      if (
        text !== undefined &&
        !new RegExp(String(text)).test((await page.locator('html').textContent()) ?? '')
      )
        throw new Error(`"${text}" is not on the page at ${page.url()}`);
      return;
    }
    default:
      throw new Error(`Unknown command ${what}`);
  }
}

/** A star stands for anything. */
function fits(pattern: string, url: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(url);
}
