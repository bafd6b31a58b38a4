/**
 * The demo is a small relying party inside the server. It uses the server only over HTTP, as a stranger would, so
 * that a newcomer sees what their own application will see. Tokens stay in this process's memory for an hour at most.
 * The routes exist only if the configuration has `demo`.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { readForm } from '../http/input/body.ts';
import type { Csrf } from '../http/pages/csrf.ts';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect } from '../http/pages/redirect.ts';
import type { Views } from '../http/pages/views.ts';
import { createActions } from './actions.ts';
import { ACTIONS, type ActionId, createDemoSessions, type DemoSession } from './demo-session.ts';
import { SESSION_GONE } from './failure.ts';
import { createListnrConsumer } from './listnr-consumer.ts';
import { csrfBinding, type Demo, showPage, showProblem } from './pages.ts';
import { createRelyingParty } from './relying-party.ts';
import { finishSignIn, signOut, startSignIn } from './sign-in.ts';

/** Needs `app.keys`, which sign the session cookie. */
export function demoRoutes(dependencies: {
  issuer: string;
  https: boolean;
  listnrIssuer: string;
  views: Views;
  csrf: Csrf;
}): Router {
  const { issuer, https, listnrIssuer } = dependencies;
  const demo: Demo = {
    ...dependencies,
    sessions: createDemoSessions({ https }),
    party: createRelyingParty(issuer),
    listnr: createListnrConsumer({ baseUrl: issuer, issuer: listnrIssuer }),
  };
  const actions = createActions(demo);

  const router = new Router();
  router.use(onlyFromOwnPages(issuer));
  // People open the address that the server prints when it starts.
  router.get('/', (ctx) => redirect(ctx, '/demo'));
  router.get('/demo', (ctx) => showPage(ctx, demo));
  router.get('/demo/sign-in', (ctx) => startSignIn(ctx, demo));
  router.get('/demo/callback', (ctx) => finishSignIn(ctx, demo));
  for (const id of ACTIONS) router.post(`/demo/${id}`, (ctx) => act(ctx, id));
  router.post('/demo/sign-out', async (ctx) => signOut(ctx, await ownSession(ctx, demo), demo));
  return router;

  async function act(ctx: Context, id: ActionId): Promise<void> {
    const signedIn = (await ownSession(ctx, demo))?.signedIn;
    if (!signedIn) return showProblem(ctx, SESSION_GONE, demo);
    signedIn.latest = id;
    signedIn.outcomes[id] = await actions[id](signedIn);
    redirect(ctx, `/demo#${id}`);
  }
}

/**
 * The session to which the submitted form belongs.
 * @throws HttpError 403 when the form is not from this browser's session.
 */
async function ownSession(ctx: Context, { sessions, csrf }: Demo): Promise<DemoSession | undefined> {
  const session = sessions.find(ctx);
  if (session) csrf.check((await readForm(ctx.req)).csrf, csrfBinding(session));
  return session;
}
