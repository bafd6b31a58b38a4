import type { EventEmitter } from 'node:events';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { whyRefused } from '../../../src/oidc/reasons/why-refused.ts';
import type { Refusal } from '../../../src/refusals/reasons.ts';
import type { TestServer } from './test-server.ts';

const EVENTS = ['authorization.error', 'device_authorization.error', 'pushed_authorization_request.error'];

/** Returns why the protocol library refused each request of `act`, one after another. */
export async function refusalsOf(
  { services }: Pick<TestServer, 'services'>,
  act: () => Promise<unknown>,
): Promise<Refusal[]> {
  const provider = services.live.current as unknown as EventEmitter;
  const seen: Refusal[] = [];
  const see = (ctx: KoaContextWithOIDC, error: Error) => {
    seen.push(whyRefused(error, ctx, new Date()));
  };
  for (const event of EVENTS) provider.on(event, see);
  try {
    await act();
    return seen;
  } finally {
    for (const event of EVENTS) provider.off(event, see);
  }
}
