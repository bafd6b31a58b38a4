/**
 * `npm run bench:guesses`: somebody guesses passwords from 1, 10 and 200 addresses, at one account and at many, at once
 * and over a minute. Reports how many guesses the server evaluates, and what the owner of an account meets meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from '../../test/support/browsers/browser.ts';
import { authorizationUrl } from '../load/material.ts';
import { wholeNumber } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { markdownTable } from '../report/table.ts';
import { withGround, withServer } from '../set-up/own-server.ts';
import { emailOf, openSignIn, PASSWORD } from '../set-up/sign-in.ts';
import { ownTarget, type Target } from '../set-up/target.ts';

const { values } = parseArgs({
  options: { guesses: { type: 'string', default: '400' }, seconds: { type: 'string', default: '60' } },
});
const guesses = wholeNumber('guesses', values.guesses, 1);
const seconds = wholeNumber('seconds', values.seconds, 1);

const LIMITS = {
  FAILURES_PER_MINUTE: '20',
  REQUESTS_PER_MINUTE: '6000',
  TRUSTED_PROXIES: '127.0.0.1,::1,::ffff:127.0.0.1',
};

interface Attack {
  /** Distinguishes its addresses and accounts from those of the others. */
  n: number;
  addresses: 1 | 10 | 200;
  accounts: 'one' | 'many';
  pace: 'at once' | 'slowly';
}

const ATTACKS: readonly Attack[] = (['at once', 'slowly'] as const)
  .flatMap((pace) => (['one', 'many'] as const).map((accounts) => ({ pace, accounts })))
  .flatMap((kind) => ([1, 10, 200] as const).map((addresses) => ({ ...kind, addresses })))
  .map((attack, n) => ({ ...attack, n: n + 1 }));

const HEAD = [
  'from addresses',
  'at accounts',
  'guesses',
  'evaluated',
  'refused (429)',
  'queue full (503)',
  'owner, known browser',
  'owner, other browser',
];

await runProgram(() =>
  withGround((ground) =>
    withServer(ground, { workers: 1, extra: LIMITS }, async ({ server }) => {
      const target = await ownTarget(server.base);
      const rows: string[][] = [];
      for (const attack of ATTACKS.filter(({ pace }) => pace === 'at once')) {
        progress(`${attack.addresses} addresses, ${attack.accounts}, at once ...`);
        rows.push(await carryOut(target, attack));
      }
      progress(`The others, over ${seconds} s ...`);
      const slow = ATTACKS.filter(({ pace }) => pace === 'slowly');
      rows.push(...(await Promise.all(slow.map((attack) => carryOut(target, attack)))));
      process.stdout.write(`${markdownTable(HEAD, rows)}\n`);
    }),
  ),
);

/** The owner tries twice: when half of the guesses are sent, in a known browser and in another. */
async function carryOut(target: Target, { n, addresses, accounts, pace }: Attack): Promise<string[]> {
  const owner = emailOf(n * 50);
  const known = await openSignIn(target, from(n, 0, 1));
  await known.browser.submit(known.page, '/sign-in', { email: owner, password: PASSWORD });
  const forms = await openForms(target, n, addresses);
  const email = (k: number) => (accounts === 'one' || k === 0 ? owner : `${n}-${k}@bench.example`);
  const pause = pace === 'slowly' ? (seconds * 1000) / guesses : 0;
  const sent: Promise<{ status: number }>[] = [];
  let owners: Promise<string[]> | undefined;
  for (let k = 0; k < guesses; k += 1) {
    const form = forms[k % forms.length] as Form;
    const fields = { email: email(k), password: 'a guess' };
    // A connection that broke is a guess that was not evaluated.
    sent.push(form.browser.submit(form.page, '/sign-in', fields).catch(() => ({ status: 0 })));
    if (k === Math.floor(guesses / 2)) owners = ownersAttempts(target, owner, n, known.browser);
    if (pause > 0) await sleep(pause);
  }
  const statuses = (await Promise.all(sent)).map(({ status }) => status);
  const count = (status: number) => String(statuses.filter((one) => one === status).length);
  const row = [
    String(addresses),
    accounts,
    `${guesses} ${pace === 'slowly' ? `in ${seconds} s` : pace}`,
    ...[401, 429, 503].map(count),
    ...((await owners) ?? []),
  ];
  progress(row.join(' | '));
  return row;
}

type Form = { browser: Browser; page: Page };

async function openForms(target: Target, n: number, addresses: number): Promise<Form[]> {
  const forms: Form[] = [];
  for (let k = 0; k < addresses; k += 1) forms.push(await openSignIn(target, from(n, 1, k + 1)));
  return forms;
}

async function ownersAttempts(target: Target, email: string, n: number, known: Browser): Promise<string[]> {
  const url = `${authorizationUrl(target)}&prompt=login`;
  const again = { browser: known, page: await known.follow(await known.get(url)) };
  const other = await openSignIn(target, from(n, 2, 1));
  return Promise.all(
    [again, other].map(async ({ browser, page }) => {
      const since = performance.now();
      const { status } = await browser.submit(page, '/sign-in', { email, password: PASSWORD });
      const took = `${((performance.now() - since) / 1000).toFixed(1)} s`;
      return status === 303 ? `signed in, ${took}` : `${status}, ${took}`;
    }),
  );
}

function from(attack: number, kind: number, k: number): Record<string, string> {
  return { 'x-forwarded-for': `10.${attack}.${kind}.${k}` };
}
