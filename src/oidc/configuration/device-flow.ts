import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../../clients/client.ts';
import { requestContext } from '../request-context.ts';
import { clientRecord } from '../storage/client-metadata.ts';

/** Why a code led to no sign-in. */
export type DeviceProblem = 'unknown' | 'expired' | 'used' | 'cancelled' | 'interrupted';

/** The pages for a person who signs in on a device (RFC 8628 section 3.3). */
export interface DevicePages {
  /** Asks whether this is the person's own device; nothing happens until they agree. */
  confirm(ctx: KoaContextWithOIDC, ask: { client: Client; xsrf: string; userCode: string }): Promise<void>;
  failed(ctx: KoaContextWithOIDC, problem: DeviceProblem): Promise<void>;
  done(ctx: KoaContextWithOIDC, client: Client): Promise<void>;
}

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>;

const PROBLEMS: Record<string, DeviceProblem> = {
  NoCodeError: 'unknown',
  NotFoundError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  AbortedError: 'cancelled',
};

/**
 * The library's steps, with our pages. Our page for the code comes first, because the code determines the instance
 * whose session counts. So when the library would ask for the code, it is known, and the person is asked whether to
 * go on.
 */
export function deviceFlow(pages: DevicePages): DeviceFlow {
  const confirm = async (ctx: KoaContextWithOIDC) => {
    const { client, userCode } = requestContext();
    const { secret } = (ctx.oidc.session?.state ?? {}) as { secret?: string };
    if (!client || !userCode || !secret) throw new Error('The code was not looked up before the library.');
    await pages.confirm(ctx, { client, xsrf: secret, userCode });
  };
  return {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    // The device's location is never shown, so it is not stored.
    deviceInfo: () => ({}),
    userCodeConfirmSource: confirm,
    async userCodeInputSource(ctx, _form, answer, error) {
      if (!error) return confirm(ctx);
      // The library has just made a secret for its own form, and cannot save a session that was never saved.
      if (ctx.oidc.session) Object.assign(ctx.oidc.session, { touched: false });
      // Our own failures are answered outside (mount.ts).
      if (answer?.error === 'server_error') return;
      await pages.failed(ctx, PROBLEMS[error.name] ?? 'interrupted');
    },
    successSource: (ctx) => pages.done(ctx, clientRecord(ctx.oidc.client as object)),
  };
}
