import type { EventEmitter } from 'node:events';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { requestContext } from './request-context.ts';

/** Keeps the reason of each refusal for the log, with the details that the library hides from clients. */
export function logProviderEvents(provider: Provider): void {
  for (const event of ERROR_EVENTS) {
    // The types want one event's name. All these events pass a context and one of the library's errors.
    provider.on(event as 'grant.error', (_ctx, { error, error_detail, error_description }) => {
      const detail = error_detail ?? error_description;
      requestContext().refusal = { error, ...(detail ? { detail } : {}) };
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

const ERROR_EVENTS = [
  'authorization.error',
  'device_authorization.error',
  'code_verification.error',
  'device_resume.error',
  'discovery.error',
  'grant.error',
  'jwks.error',
  'pushed_authorization_request.error',
  'userinfo.error',
] as const;
