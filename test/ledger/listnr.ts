import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { JWKS } from '../support/clients/token-provider.ts';
import type { Send } from './requests.ts';

/** Turns an answer into an error of the server if its token does not verify with the published keys. */
export type ListnrVerifier = (send: Send) => Send;

/** Fetches the keys that `url` publishes. They do not rotate during a run. */
export async function createListnrVerifier(url: string, issuer: string): Promise<ListnrVerifier> {
  const response = await fetch(url + JWKS);
  const keys = createLocalJWKSet((await response.json()) as JSONWebKeySet);
  return (send) => async (at, patienceMs) => {
    const reply = await send(at, patienceMs);
    if (reply.outcome !== 'ok') return reply;
    return jwtVerify(String(reply.body.access_token), keys, { issuer, algorithms: ['RS256'] }).then(
      () => reply,
      () => ({ ...reply, outcome: 'error', detail: 'the signature is not of the published keys' }) as const,
    );
  };
}
