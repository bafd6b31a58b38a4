import { setTimeout as pause } from 'node:timers/promises';
import { mintListnr, type Send } from '../ledger/requests.ts';
import type { World } from '../ledger/world.ts';
import { JWKS } from '../support/clients/token-provider.ts';

/** Sends the requests that must work without the database, continuously through the balancer, each only once. */
export interface SteadyProbe {
  asked: { at: number; name: string; ms: number; failure: string | undefined }[];
  stop(): Promise<void>;
}

const EVERY_MS = 200;
const PATIENCE_MS = 10_000;
const DOCUMENTS = [
  JWKS,
  '/auth/jwks',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
];

export function startSteadyProbe(url: string, world: World): SteadyProbe {
  const asked: SteadyProbe['asked'] = [];
  let isOver = false;
  const ask = async (name: string, send: Send) => {
    const at = performance.now();
    const { outcome, detail } = await send(url, PATIENCE_MS);
    const failure = outcome === 'ok' ? undefined : `${outcome} ${detail}`;
    asked.push({ at, name, ms: performance.now() - at, failure });
  };
  const keepAsking = async () => {
    const under: Promise<void>[] = [];
    while (!isOver) {
      under.push(
        ask('LiSTNR for a service', mintListnr(undefined)),
        ask('LiSTNR for a person', mintListnr(world.grants.at(-1)?.idToken)),
        ...DOCUMENTS.map((path) => ask(path, getDocument(path))),
      );
      await pause(EVERY_MS);
    }
    await Promise.all(under);
  };
  const over = keepAsking();
  return {
    asked,
    stop() {
      isOver = true;
      return over;
    },
  };
}

function getDocument(path: string): Send {
  return async (url, patienceMs) => {
    try {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(patienceMs) });
      await response.json();
      return { outcome: response.status === 200 ? 'ok' : 'error', detail: String(response.status), body: {} };
    } catch (error) {
      return { outcome: 'silence', detail: (error as Error).name, body: {} };
    }
  };
}
