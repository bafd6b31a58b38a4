/**
 * `npm run bench:locked`: a table is locked for a while, and many refreshes wait for it. Reports how long userinfo
 * and sign-ins take meanwhile, and how long when nothing is locked.
 */
import { parseArgs } from 'node:util';
import { openBrowser } from '../../test/support/browsers/browser.ts';
import { authorizationUrl, exchange, tokenRequest } from '../load/material.ts';
import { wholeNumber } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { percentile } from '../report/percentile.ts';
import { markdownTable } from '../report/table.ts';
import { connect } from '../set-up/cluster.ts';
import { signedInTarget, withGround, withServer } from '../set-up/own-server.ts';
import { ISSUER } from '../set-up/server.ts';
import { emailOf, PASSWORD } from '../set-up/sign-in.ts';
import type { Target } from '../set-up/target.ts';
import { createSender, type Sender } from '../soak/sender.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    /** How many refreshes wait at the same time. */
    waiting: { type: 'string', default: '50' },
  },
});
const seconds = wholeNumber('seconds', values.seconds, 1);
const waiting = wholeNumber('waiting', values.waiting, 1);
/** Each lane sends its next request after an answer. */
const LANES = { userinfo: 4, 'sign-in': 2 };
const MOST_P99_MS = 1000;

type Tokens = Record<'access_token' | 'refresh_token', string>;
type Times = Record<keyof typeof LANES, number[]>;

await runProgram(() =>
  withGround((ground) =>
    withServer(ground, { workers: 1 }, async (own) => {
      const target = await signedInTarget(own);
      const send = createSender(target.base, waiting + 10);
      const tokens = await Promise.all(Array.from({ length: waiting }, (_, n) => tokensOf(target, send, n)));
      progress(`Measuring for ${seconds} s, then for ${seconds} s with refresh_families locked ...`);
      const before = await measure(target, send, tokens);
      const locker = await connect(own.cluster.url);
      await locker.query('BEGIN; LOCK TABLE refresh_families');
      const refreshing = createSender(target.base, waiting);
      const refreshes = refreshUntil(performance.now() + seconds * 1000, target, refreshing, tokens);
      const during = await measure(target, send, tokens);
      await locker.query('ROLLBACK');
      await refreshes;
      await locker.end();
      report(before, during, send);
      for (const sender of [send, refreshing]) sender.close();
    }),
  ),
);

async function tokensOf(target: Target, send: Sender, n: number): Promise<Tokens> {
  const Cookie = target.sessions[n % target.sessions.length] ?? '';
  const url = authorizationUrl(target);
  const { location = '' } = await send('authorization', 303, { method: 'GET', url, headers: { Cookie } });
  const code = new URL(location).searchParams.get('code') ?? '';
  return JSON.parse((await send('exchange', 200, exchange(target, code))).body) as Tokens;
}

async function measure(target: Target, send: Sender, tokens: readonly Tokens[]): Promise<Times> {
  const times: Times = { userinfo: [], 'sign-in': [] };
  const end = performance.now() + seconds * 1000;
  const lane = async (name: keyof Times, ask: (n: number) => Promise<unknown>) => {
    for (let n = 0; performance.now() < end; n += 1) {
      const started = performance.now();
      await ask(n);
      times[name].push(performance.now() - started);
    }
  };
  const asks = {
    userinfo: (n: number) => userinfo(target, send, tokens[n % tokens.length]),
    'sign-in': () => signIn(target, send),
  };
  await Promise.all(
    Object.entries(LANES).flatMap(([name, lanes]) =>
      Array.from({ length: lanes }, () => lane(name as keyof Times, asks[name as keyof Times])),
    ),
  );
  return times;
}

function userinfo({ endpoints }: Target, send: Sender, tokens: Tokens | undefined): Promise<unknown> {
  const headers = { Authorization: `Bearer ${tokens?.access_token}` };
  return send('userinfo', 200, { method: 'GET', url: endpoints.userinfo, headers });
}

/** Signs in with the password in a new browser: four requests, one of which waits for a hash. */
function signIn(target: Target, send: Sender): Promise<unknown> {
  const browser = openBrowser({ servedAt: { [ISSUER]: target.base } });
  const fields = { email: emailOf(Math.floor(Math.random() * 1000)), password: PASSWORD };
  return send.page('sign-in', async () => {
    const form = await browser.follow(await browser.get(authorizationUrl(target)));
    return browser.follow(await browser.submit(form, '/sign-in', fields), target.client.redirectUri);
  });
}

async function refreshUntil(
  end: number,
  target: Target,
  send: Sender,
  tokens: readonly Tokens[],
): Promise<void> {
  await Promise.all(
    tokens.map(async ({ refresh_token }) => {
      const request = tokenRequest(target, { grant_type: 'refresh_token', refresh_token });
      do await send('refresh', 503, request);
      while (performance.now() < end);
    }),
  );
}

function report(before: Times, during: Times, { wrong }: Sender): void {
  const row = (name: keyof Times, times: number[], when: string) => [
    `${name}, ${when}`,
    String(times.length),
    ...[0.5, 0.99, 1].map((share) => `${percentile(times, share).toFixed(0)} ms`),
  ];
  const names = Object.keys(LANES) as (keyof Times)[];
  const rows = names.flatMap((name) => [
    row(name, before[name], 'nothing locked'),
    row(name, during[name], `${waiting} refreshes wait`),
  ]);
  const slow = names.filter((name) => percentile(during[name], 0.99) > MOST_P99_MS);
  const failed = [...wrong].map(([what, times]) => `${what} (${times} times)`);
  process.stdout.write(`${markdownTable(['', 'answers', 'median', 'p99', 'longest'], rows)}\n\n`);
  process.stdout.write(`Not answered as expected: ${failed.join(', ') || 'nothing'}\n`);
  if (failed.length > 0 || slow.length > 0) process.exitCode = 1;
}
