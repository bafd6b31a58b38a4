import type { EventEmitter } from 'node:events';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { requestScope } from './request-scope.ts';

/** What the library keeps from clients, for the log: its error events carry the detail. */
export function logProviderEvents(provider: Provider): void {
  for (const event of ERROR_EVENTS) {
    // The types want the name of one event; all of these hand over a context and one of the library's errors.
    provider.on(event as 'grant.error', (_ctx, { error, error_detail }) => {
      requestScope().refusal = { error, ...(error_detail ? { detail: error_detail } : {}) };
    });
  }
  provider.on('server_error', (_ctx: KoaContextWithOIDC, error: Error) => {
    requestScope().failure = error;
  });
  // A connection that broke is in the access log, as aborted. Koa would print it.
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
  'introspection.error',
  'jwks.error',
  'pushed_authorization_request.error',
  'revocation.error',
  'userinfo.error',
] as const;
