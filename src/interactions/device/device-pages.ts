import type { Context } from 'koa';
import type { PageOptions, Views } from '../../http/pages/views.ts';
import { logClient, logFacts } from '../../http/records/log-fields.ts';
import { requestState } from '../../http/records/request-state.ts';
import { brandOf } from '../../instances/brand.ts';
import type { InstanceStore } from '../../instances/instance-store.ts';
import type { DevicePages, DeviceProblem } from '../../oidc/configuration/device-flow.ts';
import { requestContext } from '../../oidc/request-context.ts';
import { PATHS } from '../../oidc/routes.ts';
import type { HttpError } from '../../platform/errors.ts';
import type { Reason, Refusal } from '../../refusals/reasons.ts';
import { shownPerson } from '../interaction.ts';

const PROBLEMS: Record<Exclude<DeviceProblem, 'cancelled'>, string> = {
  unknown: 'That is not a code we know. Please compare it with the one on your device.',
  expired: 'That code has expired. Your device can show you a new one.',
  used: 'That code has been used already. Your device can show you a new one.',
  interrupted:
    'That did not work, perhaps because the page was open for too long. Please enter the code again.',
};

const REASONS: Record<keyof typeof PROBLEMS, Reason> = {
  unknown: 'user_code.unknown',
  expired: 'user_code.expired',
  used: 'user_code.used',
  interrupted: 'user_code.interrupted',
};

/**
 * Shows the page that asks for the device's code. `problem` is the error of a code that was typed, `refusal` a limit that
 * kept it from being looked up.
 */
export function showCodeForm(
  ctx: Context,
  { views }: { views: Views },
  {
    typed = '',
    problem,
    refusal,
  }: { typed?: string; problem?: Exclude<DeviceProblem, 'cancelled'>; refusal?: HttpError } = {},
): void {
  if (problem) {
    ctx.status = 400;
    logFacts(ctx.req, {
      error: 'invalid_user_code',
      detail: PROBLEMS[problem],
      why: { reason: REASONS[problem] },
    });
    requestState(ctx.req).log.deviceCode = problem;
  }
  if (refusal) ctx.status = refusal.status;
  const model = {
    title: 'Sign in on your device',
    action: PATHS.code_verification,
    // A mistyped code can be corrected; an expired or used one cannot.
    userCode: problem === 'unknown' || refusal ? typed : '',
    error: refusal?.message ?? (problem && PROBLEMS[problem]),
  };
  views.render(ctx, 'interactions/device/code', model, { isolated: true });
}

/** The pages of signing in on a device, once its code is known, in the instance's colours. */
export function createDevicePages({
  views,
  instances,
}: {
  views: Views;
  instances: InstanceStore;
}): DevicePages {
  const pageOptions = async (): Promise<PageOptions> => {
    const instance = await instances.find(requestContext().instanceId ?? '');
    if (!instance) return { isolated: true };
    // The person may be redirected to another provider, and browsers check that against the form's page.
    const upstream =
      instance.authentication === 'oidc' ? await instances.findUpstreamProvider(instance.id) : undefined;
    return { brand: brandOf(instance), formTargets: upstream ? [upstream.issuer] : [], isolated: true };
  };

  return {
    async confirm(ctx, { client, xsrf, userCode }) {
      logClient(ctx.req, client.id, 'registered');
      const options = await pageOptions();
      // The library has just read the session.
      const { person } = requestContext();
      const model = {
        title: `Sign in to ${client.name}?`,
        clientName: client.name,
        ...shownPerson(person),
        action: PATHS.code_verification,
        xsrf,
        userCode: spelled(userCode),
      };
      views.render(ctx, 'interactions/device/confirm', model, options);
    },

    async failed(ctx, problem) {
      if (problem !== 'cancelled') return showCodeForm(ctx, { views }, { problem });
      logFacts(ctx.req, { error: 'access_denied', why: { reason: 'user_code.cancelled' } satisfies Refusal });
      requestState(ctx.req).log.deviceCode = problem;
      views.render(ctx, 'interactions/device/end', { title: 'Cancelled', done: false }, await pageOptions());
    },

    async done(ctx, client) {
      const { log } = requestState(ctx.req);
      logClient(ctx.req, client.id, 'registered');
      log.deviceCode = 'approved';
      views.render(
        ctx,
        'interactions/device/end',
        { title: 'You are signed in', clientName: client.name, done: true },
        await pageOptions(),
      );
    },
  };
}

/** The code in the device's spelling. */
function spelled(userCode: string): string {
  return `${userCode.slice(0, 4)}-${userCode.slice(4)}`;
}
