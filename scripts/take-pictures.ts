/**
 * Takes the pictures of README.md: the demo, signed in, with the answer of userinfo, in light and dark. It starts a
 * server of its own, with a new database. Run it after a change of the demo's pages: npm run pictures
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { freePort } from './free-port.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SCREEN = { width: 1120, height: 640 };
const STARTED_WITHIN_MS = 120_000;

const folder = await mkdtemp(join(tmpdir(), 'listo-pictures-'));
const port = await freePort();
const server = spawn(process.execPath, ['src/main.ts'], {
  cwd: ROOT,
  env: { PATH: process.env.PATH ?? '', PORT: String(port), DATA_DIR: folder },
  stdio: 'ignore',
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
});
try {
  const url = `http://localhost:${port}`;
  await ready(url, server);
  for (const colorScheme of ['light', 'dark'] as const) await takePicture(browser, url, colorScheme);
} finally {
  await browser.close();
  server.kill();
  await new Promise((ended) => (server.exitCode === null ? server.once('exit', ended) : ended(undefined)));
  await rm(folder, { recursive: true, force: true });
}

async function ready(url: string, process: ChildProcess): Promise<void> {
  const deadline = performance.now() + STARTED_WITHIN_MS;
  while (!(await fetch(`${url}/readyz`).catch(() => undefined))?.ok) {
    if (process.exitCode !== null || performance.now() > deadline)
      throw new Error('The server does not start.');
    await pause(200);
  }
}

async function takePicture(browser: Browser, url: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const context = await browser.newContext({ colorScheme, viewport: SCREEN });
  const page = await context.newPage();
  await page.goto(`${url}/demo/sign-in`);
  await page.getByLabel('Email address').fill('ada@demo.example');
  await page.getByLabel('Password').fill('correct horse battery staple');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#userinfo form button').click();
  await page.waitForURL('**/demo#userinfo');
  await showUsualPort(page, url);
  await page.evaluate("document.querySelector('#userinfo').scrollIntoView()");
  await page.screenshot({ path: join(ROOT, `docs/pictures/demo-${colorScheme}.png`) });
  await context.close();
}

/** Shows the address that a reader's own server has. */
async function showUsualPort(page: Page, url: string): Promise<void> {
  await page.evaluate(`{
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
      texts.currentNode.nodeValue = texts.currentNode.nodeValue.replaceAll('${url}', 'http://localhost:3000');
  }`);
}
