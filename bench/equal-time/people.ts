import { hashPassword } from '../../src/platform/secrets/digest.ts';
import type { Page } from '../../test/support/browsers/browser.ts';
import { connect } from '../set-up/cluster.ts';
import type { Ground } from '../set-up/own-server.ts';
import { emailOf, openSignIn } from '../set-up/sign-in.ts';
import type { Target } from '../set-up/target.ts';
import type { Answer, Pair } from './compare.ts';

const WITHIN = { share: 0.05, ms: 0.5 };
/** The numbers of people who are disabled, and of those whose hash has other parameters. */
const DISABLED = 1;
const OTHER = 2;

/** Everybody may sign in, and all hashes have the same parameters. */
export async function pairsOfPeople(target: Target): Promise<Pair[]> {
  return [await signingIn(target, 'signing in', emailOf), await forgotten(target), await withPasskey(target)];
}

/** After `registerOthers`. */
export async function pairsWithOthers(target: Target): Promise<Pair[]> {
  return [
    await signingIn(target, 'signing in, disabled', () => emailOf(DISABLED)),
    await signingIn(target, 'signing in, a hash with other parameters', () => emailOf(OTHER)),
    await signingIn(target, 'signing in, while others have other parameters', (n) => emailOf(n + 3)),
  ];
}

export async function registerOthers({ cluster }: Ground): Promise<void> {
  const hash = await hashPassword('not guessed here', { memoryKib: 12_288, iterations: 3, parallelism: 1 });
  const client = await connect(cluster.url);
  await client.query('UPDATE people SET disabled_at = now() WHERE email = $1', [emailOf(DISABLED)]);
  await client.query('UPDATE people SET password_hash = $2 WHERE email = $1', [emailOf(OTHER), hash]);
  await client.end();
}

async function signingIn(target: Target, what: string, known: Pair['known']): Promise<Pair> {
  const { browser, page } = await openSignIn(target);
  return {
    what,
    known,
    status: 401,
    within: WITHIN,
    ask: async (name, n) =>
      answerOf(await browser.submit(page, '/sign-in', { email: name ?? unknown(n), password: 'wrong' })),
  };
}

/** Each asks for a mail, which goes to the people whom there are. */
async function forgotten(target: Target): Promise<Pair> {
  const { browser, page: signIn } = await openSignIn(target);
  const [, forgot = ''] = /id="forgot" href="([^"]*)"/.exec(signIn.html) ?? [];
  const page = await browser.get(new URL(forgot.replaceAll('&amp;', '&'), signIn.url).href);
  return {
    what: 'asking for a new password',
    known: emailOf,
    status: 303,
    within: WITHIN,
    ask: async (name, n) =>
      answerOf(await browser.submit(page, '/recovery/bench', { email: name ?? unknown(n) })),
  };
}

/** The page that begins with a passkey, after somebody was refused by their password there. */
async function withPasskey(target: Target): Promise<Pair> {
  const pages = { known: await openSignIn(target), unknown: await openSignIn(target) };
  for (const [who, { browser, page }] of Object.entries(pages))
    await browser.submit(page, '/sign-in', {
      email: who === 'known' ? emailOf(0) : unknown(0),
      password: 'wrong',
    });
  return {
    what: 'beginning with a passkey',
    known: emailOf,
    status: 200,
    within: WITHIN,
    ask: async (name) => {
      const { browser, page } = name === undefined ? pages.unknown : pages.known;
      const [, link = ''] = /id="passkey"[^>]* href="([^"]*)"/.exec(page.html) ?? [];
      return answerOf(await browser.get(new URL(link.replaceAll('&amp;', '&'), page.url).href));
    },
  };
}

function unknown(n: number): string {
  return `nobody-${n}@bench.example`;
}

function answerOf({ status, headers, html }: Page): Answer {
  return { status, headers, text: html };
}
