/** The flow of a web application: signing in, a button for each later step, signing out. */
import type { Context } from 'koa';
import { parseParameters } from '../../http/input/parameters.ts';
import { redirect } from '../../http/pages/redirect.ts';
import type { ActionId, Outcome, SignedIn } from '../demo-session.ts';
import { SESSION_GONE } from '../failure.ts';
import { WEB } from '../flows.ts';
import { type Demo, orShowProblem, showPage, showProblem, withOwnSession } from '../pages.ts';
import type { PendingSignIn, RelyingParty } from '../relying-party.ts';
import type { Exchange } from '../requests/exchange.ts';
import { finishSignIn, startSignIn } from '../sign-in.ts';
import { signedInPage } from './signed-in-page.ts';
import { STEPS } from './steps.ts';

/** The `state` that the issuer sends back after it ended its session. */
const SIGNED_OUT = 'signed-out';

/** `/demo`: the start, or the steps of a signed-in visitor. */
export async function showWeb(ctx: Context, demo: Demo): Promise<void> {
  const { issuer, listnrIssuer, listnr, sessions } = demo;
  const signedIn = sessions.find(ctx)?.signedIn;
  if (signedIn) {
    const model = signedInPage(signedIn, { issuer, listnrIssuer, jwksUri: listnr.jwksUri });
    return showPage(ctx, demo, { flow: WEB, name: 'demo/web/signed-in', model });
  }
  await orShowProblem(ctx, demo, WEB, async () => {
    const signedOut =
      parseParameters(ctx.querystring).state === SIGNED_OUT
        ? 'You are signed out, here and at Listo.'
        : undefined;
    const forgotten = sessions.isGone(ctx) ? SESSION_GONE.message : undefined;
    const model = { steps: STEPS, issuer, notice: signedOut ?? forgotten };
    await showPage(ctx, demo, { flow: WEB, name: 'demo/web/start', model });
  });
}

export async function startWeb(ctx: Context, demo: Demo): Promise<void> {
  await startSignIn(ctx, demo, { flow: WEB, party: demo.web });
}

export async function finishWeb(ctx: Context, demo: Demo): Promise<void> {
  await finishSignIn(ctx, demo, { flow: WEB, party: demo.web }, async (session, pending, answer) => {
    const signedIn = await exchangeCode(answer, pending, demo.web);
    demo.sessions.renew(ctx, session, { signedIn });
    redirect(ctx, WEB.home);
  });
}

/** Takes a step with a button. */
export async function act(
  ctx: Context,
  demo: Demo,
  { id, action }: { id: ActionId; action: (signedIn: SignedIn) => Promise<Outcome> },
): Promise<void> {
  await withOwnSession(ctx, demo, WEB, async ({ signedIn }) => {
    if (!signedIn) return showProblem(ctx, SESSION_GONE, demo, WEB);
    signedIn.latest = id;
    signedIn.outcomes[id] = await action(signedIn);
    redirect(ctx, `${WEB.home}#${id}`);
  });
}

/** Forgets the tokens, and sends the browser to end the issuer's session (OpenID Connect RP-Initiated Logout). */
export async function signOut(ctx: Context, demo: Demo): Promise<void> {
  const { issuer, sessions, web } = demo;
  await withOwnSession(ctx, demo, WEB, async (session) => {
    if (!session.signedIn) return showProblem(ctx, SESSION_GONE, demo, WEB);
    const { idToken } = session.signedIn.tokens;
    sessions.end(ctx, session);
    await orShowProblem(ctx, demo, WEB, async () => {
      redirect(ctx, await web.signOutUrl({ idToken, returnTo: `${issuer}${WEB.home}`, state: SIGNED_OUT }));
    });
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
