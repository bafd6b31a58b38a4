/**
 * The demo: a small relying party that lives beside the server it talks to, and knows it only as a stranger would,
 * over HTTP. So what a newcomer sees here is what their own application will see. Tokens stay in this process's
 * memory, for an hour at most. Mounted only where the configuration says `demo`.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { readForm } from '../http/body.ts';
import type { Csrf } from '../http/csrf.ts';
import { requestState } from '../http/request-state.ts';
import type { Views } from '../http/views.ts';
import { createActions } from './actions.ts';
import {
  ACTIONS,
  type ActionId,
  createDemoSessions,
  type DemoSession,
  type SignedIn,
} from './demo-session.ts';
import type { Exchange } from './exchange.ts';
import { explainFailure, type Failure, SESSION_GONE, STRAY_ANSWER } from './failure.ts';
import { createListnrConsumer } from './listnr-consumer.ts';
import { createRelyingParty, type PendingSignIn } from './relying-party.ts';
import { signedInPage } from './signed-in-page.ts';
import { STEPS } from './steps.ts';

/** Comes back in `state` when the issuer has ended its session. */
const SIGNED_OUT = 'signed-out';

export interface DemoDependencies {
  issuer: string;
  listnrIssuer: string;
  views: Views;
  csrf: Csrf;
}

export function demoRoutes(dependencies: DemoDependencies): Router {
  const demo = createDemo(dependencies);
  const router = new Router();
  router.get('/demo', demo.show);
  router.get('/demo/sign-in', demo.startSignIn);
  router.get('/demo/callback', demo.finishSignIn);
  for (const id of ACTIONS) router.post(`/demo/${id}`, (ctx) => demo.act(ctx, id));
  router.post('/demo/sign-out', demo.signOut);
  return router;
}

function createDemo({ issuer, listnrIssuer, views, csrf }: DemoDependencies) {
  const redirectUri = `${issuer}/demo/callback`;
  const sessions = createDemoSessions({ https: issuer.startsWith('https:') });
  const party = createRelyingParty({ issuer, redirectUri });
  const listnr = createListnrConsumer({ baseUrl: issuer, issuer: listnrIssuer });
  const actions = createActions({ party, listnr });

  function show(ctx: Context): void {
    const session = sessions.find(ctx);
    if (session?.signedIn) {
      const model = signedInPage(session.signedIn, { issuer, listnrIssuer, jwksUri: listnr.jwksUri });
      views.render(ctx, 'demo-signed-in', { ...model, csrf: csrf.token(binding(session)) });
      return;
    }
    // A link of the issuer's own origin: whoever came by 127.0.0.1 gets the cookie where the answer will arrive.
    views.render(ctx, 'demo', {
      steps: STEPS,
      signInUrl: `${issuer}/demo/sign-in`,
      notice: noticeFor(ctx),
    });
  }

  function noticeFor(ctx: Context): string | undefined {
    if (ctx.query.state === SIGNED_OUT) return 'You are signed out, here and at Listo.';
    return sessions.isGone(ctx) ? SESSION_GONE.message : undefined;
  }

  async function startSignIn(ctx: Context): Promise<void> {
    await orProblem(ctx, async () => {
      const pending = await party.startSignIn();
      const session = sessions.find(ctx);
      if (session) session.pending = pending;
      else sessions.start(ctx, { pending });
      redirect(ctx, pending.url);
    });
  }

  /** Only an answer with the state that waits in this browser's session is looked at, and only once. */
  async function finishSignIn(ctx: Context): Promise<void> {
    const session = sessions.find(ctx);
    const pending = session?.pending;
    if (!session || !pending || ctx.query.state !== pending.state) return problem(ctx, STRAY_ANSWER);
    session.pending = undefined;
    await orProblem(ctx, async () => {
      const signedIn = await exchangeCode(new URL(`${redirectUri}${ctx.search}`), pending);
      sessions.end(ctx, session);
      sessions.start(ctx, { signedIn });
      redirect(ctx, '/demo');
    });
  }

  async function exchangeCode(answer: URL, pending: PendingSignIn): Promise<SignedIn> {
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

  async function act(ctx: Context, id: ActionId): Promise<void> {
    const signedIn = (await ownSession(ctx))?.signedIn;
    if (!signedIn) return problem(ctx, SESSION_GONE);
    signedIn.latest = id;
    signedIn.outcomes[id] = await actions[id](signedIn);
    redirect(ctx, `/demo#${id}`);
  }

  async function signOut(ctx: Context): Promise<void> {
    const session = await ownSession(ctx);
    if (!session?.signedIn) return problem(ctx, SESSION_GONE);
    const { idToken } = session.signedIn.tokens;
    sessions.end(ctx, session);
    await orProblem(ctx, async () => {
      redirect(ctx, await party.signOutUrl({ idToken, returnTo: `${issuer}/demo`, state: SIGNED_OUT }));
    });
  }

  /** @throws HttpError 403 when the form is not of this session. */
  async function ownSession(ctx: Context): Promise<DemoSession | undefined> {
    const session = sessions.find(ctx);
    if (session) csrf.check(ctx, (await readForm(ctx.req)).csrf, binding(session));
    return session;
  }

  async function orProblem(ctx: Context, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      problem(ctx, explainFailure(error));
    }
  }

  function problem(ctx: Context, failure: Failure): void {
    ctx.status = failure.status;
    requestState(ctx.req).log.error = failure.code;
    const signedIn = sessions.find(ctx)?.signedIn !== undefined;
    views.render(ctx, 'demo-problem', { ...failure, signedIn, signInUrl: `${issuer}/demo/sign-in` });
  }

  return { show, startSignIn, finishSignIn, act, signOut };
}

function binding(session: DemoSession): string {
  return `demo:${session.id}`;
}

function redirect(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.set('Cache-Control', 'no-store');
  ctx.redirect(location);
}
