/**
 * The pages for people: sign in, consent, and the way through a customer's own provider. Each step reports its result
 * to the protocol library and returns to it; the library chooses the next step from stored state. The pages are plain
 * forms that work without JavaScript, but for passkeys, which need it.
 */
import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect } from '../http/pages/redirect.ts';
import { createRouter } from '../http/routing.ts';
import type { Instance } from '../instances/instance.ts';
import { interactionAddress } from '../oidc/routes.ts';
import { continueAsSignedIn, showAccounts } from './accounts.ts';
import { decideConsent, showConsent } from './consent.ts';
import type { InteractionDependencies } from './dependencies.ts';
import {
  abortInteraction,
  type InteractionContext,
  InteractionOver,
  loadInteraction,
} from './interaction.ts';
import { takesPasskeys } from './passkey/passkey-form.ts';
import { showPasskeySignIn, signInWithPasskey } from './passkey/passkey-sign-in.ts';
import { showSignIn, signInWithPassword } from './sign-in.ts';
import { proveByRecoveryCode, proveByTotp, showSecondFactor } from './steps/second-factor.ts';
import { proveByPasskey } from './steps/second-factor-passkey.ts';
import { confirmTotp, goOnAfterPage, showSetUpFactor } from './steps/set-up-factor.ts';
import { addPasskey, showSetUpPasskey } from './steps/set-up-passkey.ts';
import { goOnFromSession } from './steps/sign-in-step-done.ts';
import { themeRoute } from './theme-route.ts';
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
  const at = (step: Step | 'any', serve: Serve): Middleware[] => [
    inContext,
    async (ctx) => {
      let context: InteractionContext | undefined;
      try {
        context = await loadInteraction(ctx, dependencies);
        if (isPossible(step, context, dependencies)) await serve(context, dependencies);
        else redirect(ctx, interactionAddress(context.interaction.uid, context.client.id));
      } catch (error) {
        if (!(error instanceof InteractionOver)) throw error;
        await leadOn(ctx, dependencies, { known: context?.client, answer: error.answer });
      }
    },
  ];
  const add = (method: 'get' | 'post', path: string, middleware: Middleware[]) =>
    router[method](path, ...(middleware as never[]));

  add('get', '/interaction/:uid', at('any', showPrompt));
  add('post', '/interaction/:uid/account', at('account', continueAsSignedIn));
  add('get', '/interaction/:uid/another', at('any', startSignIn));
  add('post', '/interaction/:uid/sign-in', at('password', signInWithPassword));
  add('get', '/interaction/:uid/passkey', at('passkey', showPasskeySignIn));
  add('post', '/interaction/:uid/passkey', at('passkey', signInWithPasskey));
  add('get', '/interaction/:uid/upstream/:instance', at('upstream', finishUpstream));
  add('get', '/interaction/:uid/second-factor', at('any', showSecondFactor));
  add('post', '/interaction/:uid/second-factor', at('any', proveByTotp));
  add('post', '/interaction/:uid/second-factor/passkey', at('any', proveByPasskey));
  add('post', '/interaction/:uid/recovery-code', at('any', proveByRecoveryCode));
  add('get', '/interaction/:uid/set-up-factor', at('any', showSetUpFactor));
  add('post', '/interaction/:uid/set-up-factor', at('any', confirmTotp));
  add('get', '/interaction/:uid/set-up-factor/passkey', at('any', showSetUpPasskey));
  add('post', '/interaction/:uid/set-up-factor/passkey', at('any', addPasskey));
  add('post', '/interaction/:uid/go-on', at('any', goOnAfterPage));
  add('post', '/interaction/:uid/consent', at('consent', decideConsent));
  add('post', '/interaction/:uid/abort', at('any', abortInteraction));
  // A form's answer was opened again, without the form.
  for (const form of [
    'account',
    'sign-in',
    'second-factor/passkey',
    'recovery-code',
    'go-on',
    'consent',
    'abort',
  ])
    add('get', `/interaction/:uid/${form}`, [toPageOfForm]);
  add('get', upstreamCallbackPath(':instance'), [forwardUpstreamAnswer]);
  add('get', '/assets/theme/:file', [themeRoute(dependencies)]);
  return router;
}

const toPageOfForm: Middleware = (ctx) =>
  redirect(ctx, interactionAddress(ctx.params.uid, ctx.query.client_id));

type Step = 'account' | 'password' | 'passkey' | 'upstream' | 'consent';
type Serve = (context: InteractionContext, dependencies: InteractionDependencies) => Promise<void>;

/**
 * Whether the step belongs to the prompt that is due. Somebody may sign in at each of them, as who is not the person of
 * the page; the instance determines how.
 */
function isPossible(
  step: Step | 'any',
  context: InteractionContext,
  dependencies: InteractionDependencies,
): boolean {
  const { interaction, instance } = context;
  switch (step) {
    case 'any':
      return true;
    case 'account':
      return interaction.prompt.name === 'select_account';
    case 'consent':
      return interaction.prompt.name === 'consent';
    case 'passkey':
      return signInStep(instance) === 'password' && takesPasskeys(context, dependencies);
    case 'password':
    case 'upstream':
      return step === signInStep(instance);
  }
}

function signInStep({ authentication }: Instance): 'password' | 'upstream' {
  return authentication === 'oidc' ? 'upstream' : 'password';
}

/** The library says which prompt is due. */
async function showPrompt(context: InteractionContext, dependencies: InteractionDependencies): Promise<void> {
  switch (context.interaction.prompt.name) {
    case 'select_account':
      return showAccounts(context, dependencies);
    case 'consent':
      return showConsent(context, dependencies);
    default:
      return goOnFromSession(context, dependencies, startSignIn);
  }
}

/** Also for a person who is not the one of the page. */
async function startSignIn(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  if (signInStep(context.instance) === 'upstream') return startUpstream(context, dependencies);
  return showSignIn(context, dependencies);
}
