/**
 * `npm run bench:equal-time`: asks in turn with a name that exists and with one that does not, and compares the medians.
 * Somebody who measures answers should not learn which names exist. The exit code is 1 when a pair differs by more than 10 %
 * and more than 0.2 ms; for people's pages, by more than 5 % and more than 0.5 ms.
 * `--only TEXT` asks only what has these words.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { hashPassword } from '../../src/platform/secrets/digest.ts';
import { startMailServer } from '../../test/support/mail/mail-server.ts';
import { basic } from '../load/request.ts';
import { wholeNumber } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { percentile } from '../report/percentile.ts';
import { markdownTable } from '../report/table.ts';
import { connect } from '../set-up/cluster.ts';
import { type Ground, withGround, withServer } from '../set-up/own-server.ts';
import { emailOf, openSignIn } from '../set-up/sign-in.ts';
import { ownTarget, type Target } from '../set-up/target.ts';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '300' }, only: { type: 'string', default: '' } },
});
const pairs = wholeNumber('pairs', values.pairs, 1);

const WARM_UP = 30;
const MOST_SHARE = 0.1;
const MOST_MS = 0.2;
/** The limits work, and no pair reaches them. */
const LIMITS = { FAILURES_PER_MINUTE: '1000000' };
/** For the answers to people. */
const OF_PEOPLE = { share: 0.05, ms: 0.5 };

interface Pair {
  what: string;
  /** Sends a request with the wrong secret. `name` is one that exists, or undefined for the unknown name of pair `n`. */
  ask(name: string | undefined, n: number): Promise<number>;
  /** The existing name of pair `n`. */
  known(n: number): string;
  status: number;
  /** How far apart the medians may be, by either measure. */
  within?: { share: number; ms: number };
}

const HEAD = ['asked', 'name that exists', 'name that does not', 'difference', 'equal'];

/** A process sees a change of a registration within a second or two. */
const FOLLOWED_MS = 5000;

const mails = await startMailServer();
const MAIL = { SMTP_URL: `smtp://localhost:${mails.port}`, MAIL_FROM: 'bench@listo.example' };

await runProgram(() =>
  withGround((ground) =>
    withServer(ground, { workers: 1, extra: { ...LIMITS, ...MAIL } }, async ({ server }) => {
      const target = await ownTarget(server.base);
      const rows: string[][] = [];
      const wanted = (all: readonly Pair[]) => all.filter(({ what }) => what.includes(values.only));
      for (const pair of wanted(await everyPair(target))) rows.push(await compare(pair));
      const others = wanted(withSlowSecrets(target));
      if (others.length > 0) await registerSlowSecrets(ground);
      if (others.length > 0) await pause(FOLLOWED_MS);
      for (const pair of others) rows.push(await compare(pair));
      process.stdout.write(`${markdownTable(HEAD, rows)}\n`);
      if (rows.some((row) => row.at(-1) === 'no')) process.exitCode = 1;
    }),
  ),
);
await mails.close();

async function everyPair(target: Target): Promise<Pair[]> {
  return [
    ofClient(target, '/auth/token', 'bench-web'),
    ofClient(target, '/auth/introspect', 'bench-web'),
    ofListnr(target, 'bench-service'),
    await ofPerson(target),
    await ofForgottenPassword(target),
  ];
}

/** Other clients have `argon2id:` secrets now. */
function withSlowSecrets(target: Target): Pair[] {
  const slow = (pair: Pair, kind: string) => ({ ...pair, what: `${pair.what}, ${kind}` });
  const others = 'while others have argon2id secrets';
  return [
    slow(ofClient(target, '/auth/token', 'bench-web'), others),
    slow(ofClient(target, '/auth/token', 'bench-slow'), 'with an argon2id secret'),
    slow(ofListnr(target, 'bench-service'), others),
    slow(ofListnr(target, 'bench-slow'), 'with an argon2id secret'),
  ];
}

async function registerSlowSecrets({ cluster }: Ground): Promise<void> {
  const digest = `argon2id:${await hashPassword('not guessed here')}`;
  const client = await connect(cluster.url);
  await client.query(`
    BEGIN;
    INSERT INTO clients (id, instance_id, name, type, redirect_uris)
    VALUES ('bench-slow', 'bench', 'Slow', 'confidential', '{https://app.bench.example/callback}');
    INSERT INTO client_secrets (client_id, digest) VALUES ('bench-slow', '${digest}');
    INSERT INTO listnr_clients (id, pattern, scopes, environments)
    VALUES ('bench-slow', 'client_credentials', '{read:profile}', '{production}');
    INSERT INTO listnr_client_secrets (client_id, digest) VALUES ('bench-slow', '${digest}');
    COMMIT`);
  await client.end();
}

function ofClient({ base }: Target, path: string, known: string): Pair {
  return {
    what: `\`${path}\`, Basic`,
    known: () => known,
    status: 401,
    ask: (name, n) =>
      post(`${base}${path}`, {
        headers: { authorization: basic(name ?? `bench-${10_000 + n}`, 'wrong') },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', token: 'x' }),
      }),
  };
}

function ofListnr({ base }: Target, known: string): Pair {
  return {
    what: 'LiSTNR, Basic',
    known: () => known,
    status: 401,
    ask: (name, n) => {
      const client_id = name ?? `bench-${10_000 + n}`;
      return post(`${base}/v1/listnr-token-provider/issue-token`, {
        headers: { authorization: basic(client_id, 'wrong'), 'content-type': 'application/json' },
        body: JSON.stringify({ client_id, subject: 'somebody' }),
      });
    },
  };
}

async function ofPerson(target: Target): Promise<Pair> {
  const { browser, page } = await openSignIn(target);
  return {
    what: 'signing in',
    known: emailOf,
    status: 401,
    within: OF_PEOPLE,
    ask: async (name, n) => {
      const email = name ?? `nobody-${n}@bench.example`;
      return (await browser.submit(page, '/sign-in', { email, password: 'wrong' })).status;
    },
  };
}

/** Each asks for a mail, which goes to the people whom there are. */
async function ofForgottenPassword(target: Target): Promise<Pair> {
  const { browser, page: signIn } = await openSignIn(target);
  const [, forgot = ''] = /id="forgot" href="([^"]*)"/.exec(signIn.html) ?? [];
  const page = await browser.get(new URL(forgot.replaceAll('&amp;', '&'), signIn.url).href);
  return {
    what: 'asking for a new password',
    known: emailOf,
    status: 303,
    within: OF_PEOPLE,
    ask: async (name, n) => {
      const email = name ?? `nobody-${n}@bench.example`;
      return (await browser.submit(page, '/recovery/bench', { email })).status;
    },
  };
}

async function post(url: string, init: RequestInit): Promise<number> {
  const answer = await fetch(url, { method: 'POST', ...init });
  await answer.arrayBuffer();
  return answer.status;
}

/** Every other pair asks with the unknown name first, so that what one leaves behind is felt by both alike. */
async function compare({
  what,
  ask,
  known,
  status,
  within = { share: MOST_SHARE, ms: MOST_MS },
}: Pair): Promise<string[]> {
  progress(`${what} ...`);
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const measure = async (name: string | undefined, n: number) => {
    const since = performance.now();
    const got = await ask(name, n);
    if (n >= WARM_UP) times[name === undefined ? 'unknown' : 'known'].push(performance.now() - since);
    if (got !== status) throw new Error(`${what} with ${name ?? 'an unknown name'} answers ${got}.`);
  };
  for (let n = 0; n < WARM_UP + pairs; n += 1) {
    const names = [known(n), undefined];
    for (const name of n % 2 === 0 ? names : names.reverse()) await measure(name, n);
  }
  const [one, other] = [percentile(times.known, 0.5), percentile(times.unknown, 0.5)];
  const apart = Math.abs(one - other);
  const equal = apart <= within.ms || apart <= within.share * one;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  return [
    what,
    ms(one),
    ms(other),
    `${ms(apart)}, ${((apart / one) * 100).toFixed(0)} %`,
    equal ? 'yes' : 'no',
  ];
}
