import { randomBytes } from 'node:crypto';
import type { Middleware } from 'koa';
import type { RefusalReason } from '../authentication/authenticator.ts';
import { UpstreamUnavailable } from '../authentication/upstream-authenticator.ts';
import { parseParameters } from '../http/parameters.ts';
import { requestState } from '../http/request-state.ts';
import { HttpError } from '../platform/errors.ts';
import { finishInteraction, finishSignIn, type InteractionContext } from './interaction.ts';
import type { InteractionDependencies } from './routes.ts';

const ATTEMPT_TTL_MS = 10 * 60 * 1000;

/** Sends the browser to the customer's own provider. */
export async function startUpstream(
  { ctx, interaction, instance }: InteractionContext,
  { instances, upstream, upstreamSignIns }: InteractionDependencies,
): Promise<void> {
  const provider = await instances.findUpstreamProvider(instance.id);
  if (!provider) throw new Error(`The instance ${instance.id} has no upstream provider.`);
  // The answer arrives at one registered address; the interaction it belongs to, and so its cookie, is in the state.
  const state = `${interaction.uid}.${randomBytes(24).toString('base64url')}`;
  const { url, attempt } = await reach(() =>
    upstream.start(provider, {
      state,
      loginHint: text(interaction.params.login_hint),
      forceLogin: interaction.session?.accountId !== undefined,
    }),
  );
  await upstreamSignIns.save(
    state,
    { instanceId: instance.id, ...attempt },
    new Date(Date.now() + ATTEMPT_TTL_MS),
  );
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(url.href);
}

/** The one address that is registered upstream: passes the answer on to its interaction, whose cookie has a path. */
export const forwardUpstreamAnswer: Middleware = (ctx) => {
  const { state } = parseParameters(ctx.querystring);
  const uid =
    typeof state === 'string' ? /^([A-Za-z0-9_-]{10,128})\.[A-Za-z0-9_-]+$/.exec(state)?.[1] : undefined;
  if (!uid) throw refusalPage('upstream_invalid');
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(`/interaction/${uid}/upstream?${ctx.querystring}`);
};

/** Checks the answer, once, and signs the person in. */
export async function finishUpstream(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction, instance } = context;
  const { instances, upstream, upstreamSignIns, issuer } = dependencies;
  const { state } = parseParameters(ctx.querystring);
  const ours = typeof state === 'string' && state.startsWith(`${interaction.uid}.`);
  const attempt = ours ? await upstreamSignIns.take(state) : undefined;
  const provider = await instances.findUpstreamProvider(instance.id);
  if (!ours || !attempt || !provider || attempt.instanceId !== instance.id)
    throw refusalPage('upstream_invalid');

  const result = await reach(() =>
    upstream.finish(provider, {
      callbackUrl: new URL(`${issuer}/auth/upstream/callback?${ctx.querystring}`),
      attempt: { ...attempt, state },
    }),
  );
  const { log } = requestState(ctx.req);
  if (result.outcome === 'signed_in') {
    log.signIn = result.personId;
    return finishSignIn(context, dependencies, { personId: result.personId, amr: ['fed'] });
  }
  log.signIn = result.reason;
  if (result.reason === 'upstream_refused') {
    return finishInteraction(context, dependencies, {
      error: 'access_denied',
      error_description: 'Signing in was refused or cancelled',
    });
  }
  throw refusalPage(result.reason);
}

async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UpstreamUnavailable ? refusalPage('upstream_unavailable', error) : error;
  }
}

function refusalPage(reason: RefusalReason, cause?: unknown): HttpError {
  switch (reason) {
    case 'upstream_unavailable':
      return new HttpError({
        status: 503,
        code: 'temporarily_unavailable',
        message: "Your company's sign-in service cannot be reached just now. Please try again in a moment.",
        headers: { 'Retry-After': '10' },
        cause,
      });
    case 'unknown_person':
    case 'disabled':
      return new HttpError({
        status: 403,
        code: 'access_denied',
        message:
          'You signed in at your company, but have no access here. Please ask your administrator for it.',
      });
    default:
      return new HttpError({
        status: 400,
        code: 'invalid_request',
        message:
          "The answer of your company's sign-in service could not be used. Please go back to the application and sign in again.",
      });
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
