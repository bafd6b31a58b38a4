import type { Context } from 'koa';
import { parseParameters } from '../http/input/parameters.ts';
import { logFacts } from '../http/log-fields.ts';
import type { Csrf } from '../http/pages/csrf.ts';
import type { Views } from '../http/pages/views.ts';
import type { DemoSession, DemoSessions } from './demo-session.ts';
import { explainFailure, type Failure, SESSION_GONE } from './failure.ts';
import type { ListnrConsumer } from './listnr-consumer.ts';
import type { RelyingParty } from './relying-party.ts';
import { signedInPage } from './signed-in-page.ts';
import { STEPS } from './steps.ts';

/** The parts that all pages of the demo use. */
export interface Demo {
  issuer: string;
  listnrIssuer: string;
  views: Views;
  csrf: Csrf;
  sessions: DemoSessions;
  party: RelyingParty;
  listnr: ListnrConsumer;
}

/** The `state` that the issuer sends back after it ended its session. */
export const SIGNED_OUT = 'signed-out';

/** `/demo`: the start, or the steps of a signed-in visitor. */
export function showPage(ctx: Context, demo: Demo): void {
  const { issuer, listnrIssuer, listnr, views, csrf, sessions } = demo;
  const session = sessions.find(ctx);
  if (session?.signedIn) {
    const model = signedInPage(session.signedIn, { issuer, listnrIssuer, jwksUri: listnr.jwksUri });
    views.render(ctx, 'demo-signed-in', { ...model, csrf: csrf.token(csrfBinding(session)) });
    return;
  }
  const signedOut =
    parseParameters(ctx.querystring).state === SIGNED_OUT
      ? 'You are signed out, here and at Listo.'
      : undefined;
  const forgotten = sessions.isGone(ctx) ? SESSION_GONE.message : undefined;
  views.render(ctx, 'demo', {
    steps: STEPS,
    signInUrl: signInUrl(issuer),
    notice: signedOut ?? forgotten,
  });
}

/** Shows an error and a way to start again. */
export function showProblem(ctx: Context, failure: Failure, { issuer, views, sessions }: Demo): void {
  ctx.status = failure.status;
  logFacts(ctx.req, { error: failure.code, detail: failure.message });
  const signedIn = sessions.find(ctx)?.signedIn !== undefined;
  views.render(ctx, 'demo-problem', { ...failure, signedIn, signInUrl: signInUrl(issuer) });
}

/** Runs `work`, and shows its failure if a request was refused. */
export async function orShowProblem(ctx: Context, demo: Demo, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    showProblem(ctx, explainFailure(error), demo);
  }
}

/** Binds a form to this session. */
export function csrfBinding(session: DemoSession): string {
  return `demo:${session.id}`;
}

/** A whole address: a visitor at 127.0.0.1 needs the cookie at the issuer's origin, where the answer will arrive. */
function signInUrl(issuer: string): string {
  return `${issuer}/demo/sign-in`;
}
