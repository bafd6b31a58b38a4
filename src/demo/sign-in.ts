import type { Context } from 'koa';
import { parseParameters, singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import { type DemoSession, rememberPending } from './demo-session.ts';
import { type Failure, NO_COOKIE, SESSION_GONE, STRAY_ANSWER } from './failure.ts';
import type { Flow } from './flows.ts';
import { type Demo, orShowProblem, showProblem } from './pages.ts';
import type { PendingSignIn, RelyingParty } from './relying-party.ts';

/** Sends the browser to the issuer, and keeps the values that will check the answer. */
export async function startSignIn(
  ctx: Context,
  demo: Demo,
  { flow, party, prompt }: { flow: Flow; party: RelyingParty; prompt?: string | undefined },
): Promise<void> {
  await orShowProblem(ctx, demo, flow, async () => {
    const pending = await party.startSignIn({ prompt });
    rememberPending(demo.sessions.open(ctx), pending);
    redirect(ctx, pending.url);
  });
}

/**
 * Takes the issuer's answer, each code once, and only with a state that waits in this browser's session. `take` gets
 * the session and the answer's address.
 */
export async function finishSignIn(
  ctx: Context,
  demo: Demo,
  { flow, party }: { flow: Flow; party: RelyingParty },
  take: (session: DemoSession, pending: PendingSignIn, answer: URL) => Promise<void>,
): Promise<void> {
  const session = demo.sessions.find(ctx);
  const { state, code } = parseParameters(ctx.querystring);
  const pending = session?.pending.get(singleValue(state) ?? '');
  const given = singleValue(code);
  if (!session || pending?.clientId !== party.clientId || (given && pending.codes.has(given))) {
    return showProblem(ctx, strayAnswer(ctx, demo, session), demo, flow);
  }
  if (given) pending.codes.add(given);
  await orShowProblem(ctx, demo, flow, () =>
    take(session, pending, new URL(`${party.redirectUri}${ctx.search}`)),
  );
}

function strayAnswer(ctx: Context, { sessions }: Demo, session: DemoSession | undefined): Failure {
  if (session) return STRAY_ANSWER;
  return sessions.isGone(ctx) ? SESSION_GONE : NO_COOKIE;
}
