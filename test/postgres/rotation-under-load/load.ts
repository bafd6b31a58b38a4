import { setTimeout as pause } from 'node:timers/promises';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { type Answer, exchange, obtainCode, refresh, userinfo } from '../../support/clients/relying-party.ts';
import { askToken, DEMO_APP, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import type { Verifier } from './caching-verifier.ts';
import type { KeySet, Signatures } from './signatures.ts';

export interface Load {
  /** Both servers. */
  urls: readonly [string, string];
  /** Two for each set: one for each server's keys. */
  verifiers: Readonly<Record<KeySet, readonly Verifier[]>>;
  signatures: Signatures;
  /** How long a person uses the tokens of one sign-in, in milliseconds. */
  tokenLifeMs: number;
  /** The pause between two requests of a person. */
  pauseMs: number;
  stopped: AbortSignal;
}

export interface Outcome {
  requests: number;
  /** Answers other than 200, and tokens that did not verify; it contains no tokens. */
  failures: string[];
}

/** Signs in people one after another. Each uses the tokens as long as they live. */
export async function keepBusy(load: Load): Promise<Outcome> {
  const outcome: Outcome = { requests: 0, failures: [] };
  const browser = openBrowser();
  await obtainCode(load.urls[0], {}, browser);
  while (!load.stopped.aborted) await useOneSignIn(load, outcome, browser);
  return outcome;
}

async function useOneSignIn(load: Load, outcome: Outcome, browser: Browser): Promise<void> {
  const ends = performance.now() + load.tokenLifeMs;
  const signed: { keySet: KeySet; token: string }[] = [];
  const ask = async (what: string, keySet: KeySet | undefined, send: (server: string) => Promise<Answer>) => {
    // Requests alternate between the servers. Every fifth one stays, so that no kind of request keeps to one server.
    const server = load.urls[(outcome.requests + Math.floor(outcome.requests / 5)) % 2 ? 0 : 1];
    outcome.requests += 1;
    const askedAt = performance.now();
    const { status, body } = await send(server);
    const answeredAt = performance.now();
    if (status !== 200) outcome.failures.push(`${what}: ${status} ${body.error}`);
    const tokens = keySet && status === 200 ? [body.access_token, body.id_token] : [];
    for (const token of tokens.filter((token) => typeof token === 'string')) {
      const kid = await check(load, outcome, { what, keySet: keySet ?? 'oidc', token });
      if (kid) load.signatures.add({ keySet: keySet ?? 'oidc', server, kid, askedAt, answeredAt });
      signed.push({ keySet: keySet ?? 'oidc', token });
    }
    await pause(load.pauseMs);
    return body;
  };

  const code = await obtainCode(load.urls[0], {}, browser);
  const first = await ask('exchange', 'oidc', (server) => exchange(server, code));
  let current = first;
  while (performance.now() < ends && !load.stopped.aborted) {
    // Uses the first tokens until they expire.
    const [accessToken, idToken] = [String(first.access_token), String(first.id_token)];
    await ask('userinfo', undefined, (server) => userinfo(server, accessToken));
    await ask('listnr by ID token', 'listnr', (server) =>
      askToken({ url: server }, `Bearer ${idToken}`, { client_id: DEMO_APP }),
    );
    await ask('listnr by secret', 'listnr', (server) =>
      askToken({ url: server }, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' }),
    );
    const refreshToken = String(current.refresh_token);
    current = await ask('refresh', 'oidc', (server) => refresh(server, refreshToken));
  }
  for (const { keySet, token } of signed) await check(load, outcome, { what: 'later', keySet, token });
}

/** Verifies a token with every verifier of the set; returns the `kid`. */
async function check(
  { verifiers }: Load,
  { failures }: Outcome,
  { what, keySet, token }: { what: string; keySet: KeySet; token: string },
): Promise<string | undefined> {
  const verify = (verifier: Verifier) =>
    verifier.verify(token).catch((error: { code?: string }) => {
      failures.push(`${what}: ${keySet} token does not verify: ${error.code}`);
      return undefined;
    });
  const [kid] = await Promise.all(verifiers[keySet].map(verify));
  return kid;
}
