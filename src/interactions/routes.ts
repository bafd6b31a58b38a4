/**
 * The pages for people: sign in, consent, and the way through a customer's own provider. Each step reports its result
 * to the protocol library and returns to it; the library chooses the next step from stored state. The pages are plain
 * forms that work without JavaScript.
 */
import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect } from '../http/pages/redirect.ts';
import { createRouter } from '../http/routing.ts';
import { interactionAddress } from '../oidc/routes.ts';
import { decideConsent, showConsent } from './consent.ts';
import type { InteractionDependencies } from './dependencies.ts';
import {
  abortInteraction,
  type InteractionContext,
  InteractionOver,
  loadInteraction,
} from './interaction.ts';
import { showSignIn, signInWithPassword } from './sign-in.ts';
import { themeRoute } from './theme/theme-route.ts';
import {
  finishUpstream,
  forwardUpstreamAnswer,
  startUpstream,
  upstreamCallbackPath,
} from './upstream/upstream.ts';
import { leadOn } from './way-on.ts';

export function interactionRoutes(
  dependencies: InteractionDependencies,
  { inContext }: { inContext: Middleware },
): Router {
  const router = createRouter();
  router.use(onlyFromOwnPages(dependencies.issuer));
  const step = (due: Step | 'any', serve: Serve): Middleware[] => [
    inContext,
    async (ctx) => {
      let context: InteractionContext | undefined;
      try {
        context = await loadInteraction(ctx, dependencies);
        if (due === 'any' || due === stepDue(context)) await serve(context, dependencies);
        else redirect(ctx, interactionAddress(context.interaction.uid, context.client.id));
      } catch (error) {
        if (!(error instanceof InteractionOver)) throw error;
        await leadOn(ctx, dependencies, { known: context?.client, declined: error.declined });
      }
    },
  ];
  const add = (method: 'get' | 'post', path: string, middleware: Middleware[]) =>
    router[method](path, ...(middleware as never[]));

  add('get', '/interaction/:uid', step('any', showPrompt));
  add('post', '/interaction/:uid/sign-in', step('password', signInWithPassword));
  add('get', '/interaction/:uid/upstream/:instance', step('upstream', finishUpstream));
  add('post', '/interaction/:uid/consent', step('consent', decideConsent));
  add('post', '/interaction/:uid/abort', step('any', abortInteraction));
  // A form's answer was opened again, without the form.
  for (const form of ['sign-in', 'consent', 'abort']) add('get', `/interaction/:uid/${form}`, [toPageOfForm]);
  add('get', upstreamCallbackPath(':instance'), [forwardUpstreamAnswer]);
  add('get', '/assets/theme/:file', [themeRoute(dependencies)]);
  return router;
}

const toPageOfForm: Middleware = (ctx) =>
  redirect(ctx, interactionAddress(ctx.params.uid, ctx.query.client_id));

type Step = 'password' | 'upstream' | 'consent';
type Serve = (context: InteractionContext, dependencies: InteractionDependencies) => Promise<void>;

/** The library says which prompt is due. For a sign-in, the instance determines the step. */
function stepDue({ interaction, instance }: InteractionContext): Step {
  if (interaction.prompt.name === 'consent') return 'consent';
  return instance.authentication === 'oidc' ? 'upstream' : 'password';
}

async function showPrompt(context: InteractionContext, dependencies: InteractionDependencies): Promise<void> {
  switch (stepDue(context)) {
    case 'password':
      return showSignIn(context, dependencies);
    case 'upstream':
      return startUpstream(context, dependencies);
    case 'consent':
      return showConsent(context, dependencies);
  }
}
