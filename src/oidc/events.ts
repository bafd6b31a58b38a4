import type { EventEmitter } from 'node:events';
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { printable, printableAddress } from '../platform/log/printable.ts';
import type { Clock } from '../platform/time/clock.ts';
import { whyRefused } from './reasons/why-refused.ts';
import { noteFacts, requestContext } from './request-context.ts';

/** Keeps the reason of each refusal for the log, with the details that the library hides from clients. */
export function logProviderEvents(provider: Provider, { clock }: { clock: Clock }): void {
  for (const event of ERROR_EVENTS) {
    // The types want one event's name. All these events pass a context and one of the library's errors.
    provider.on(event as 'authorization.error', (ctx, error) => {
      const detail = detailOf(ctx, error) ?? error.error_description;
      noteFacts({
        error: error.error,
        why: whyRefused(error, ctx, clock.now()),
        ...(detail ? { detail } : {}),
      });
    });
  }
  provider.on('server_error', (_ctx: KoaContextWithOIDC, error: Error) => {
    requestContext().failure = error;
  });
  // The access log has a broken connection as aborted. Koa would print it.
  (provider as EventEmitter).on('error', (error: Error) => {
    if (!('syscall' in error)) provider.onerror(error);
  });
}

/** The reason for the log. The library keeps it from the client's answer, but not which address or scope came. */
export function detailOf(
  { oidc, query }: KoaContextWithOIDC,
  error: Error & { error_detail?: string | undefined },
): string | undefined {
  const { redirect_uri, scope } = oidc.params ?? query;
  if (error instanceof errors.InvalidRedirectUri)
    return `redirect_uri is not registered: ${printableAddress(redirect_uri)}`;
  if (error instanceof errors.InvalidScope) return `${error.error_description}: ${printable(scope)}`;
  return error.error_detail;
}

const ERROR_EVENTS = [
  'authorization.error',
  'device_authorization.error',
  'code_verification.error',
  'device_resume.error',
  'discovery.error',
  'jwks.error',
  'pushed_authorization_request.error',
] as const;
