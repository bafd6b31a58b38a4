import type { Context } from 'koa';
import { parseParameters } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import type { DemoSession, SignedIn } from './demo-session.ts';
import type { Exchange } from './exchange.ts';
import { SESSION_GONE, STRAY_ANSWER } from './failure.ts';
import { type Demo, orShowProblem, SIGNED_OUT, showProblem } from './pages.ts';
import { type PendingSignIn, type RelyingParty, redirectUriOf } from './relying-party.ts';

/** Sends the browser to the issuer, and keeps the values that will check the answer. */
export async function startSignIn(ctx: Context, demo: Demo): Promise<void> {
  const { party, sessions } = demo;
  await orShowProblem(ctx, demo, async () => {
    const pending = await party.startSignIn();
    const session = sessions.find(ctx);
    if (session) session.pending = pending;
    else sessions.start(ctx, { pending });
    redirect(ctx, pending.url);
  });
}

/** Takes the issuer's answer once, and only with the state that waits in this browser's session. */
export async function finishSignIn(ctx: Context, demo: Demo): Promise<void> {
  const { issuer, party, sessions } = demo;
  const session = sessions.find(ctx);
  const pending = session?.pending;
  const { state } = parseParameters(ctx.querystring);
  if (!session || !pending || state !== pending.state) return showProblem(ctx, STRAY_ANSWER, demo);
  session.pending = undefined;

  await orShowProblem(ctx, demo, async () => {
    const answer = new URL(`${redirectUriOf(issuer)}${ctx.search}`);
    const signedIn = await exchangeCode(answer, pending, party);
    // A new id keeps out anybody who knew the id from before the sign-in.
    sessions.end(ctx, session);
    sessions.start(ctx, { signedIn });
    redirect(ctx, '/demo');
  });
}

/** Forgets the tokens, and sends the browser to end the issuer's session (OpenID Connect RP-Initiated Logout). */
export async function signOut(ctx: Context, session: DemoSession | undefined, demo: Demo): Promise<void> {
  const { issuer, party, sessions } = demo;
  if (!session?.signedIn) return showProblem(ctx, SESSION_GONE, demo);
  const { idToken } = session.signedIn.tokens;
  sessions.end(ctx, session);
  await orShowProblem(ctx, demo, async () => {
    redirect(ctx, await party.signOutUrl({ idToken, returnTo: `${issuer}/demo`, state: SIGNED_OUT }));
  });
}

async function exchangeCode(answer: URL, pending: PendingSignIn, party: RelyingParty): Promise<SignedIn> {
  const record: Exchange[] = [];
  const tokens = await party.finishSignIn(answer, pending, record);
  const [codeExchange, keys] = record;
  return {
    authorization: { request: pending.url, answer: Object.fromEntries(answer.searchParams) },
    codeExchange,
    keys,
    idToken: tokens.idToken,
    nonce: pending.nonce,
    tokens,
    outcomes: {},
    latest: 'id-token',
  };
}
