import { explainFailure, type Failure } from '../failure.ts';
import type { Tokens } from '../issuer.ts';
import type { Exchange } from '../requests/exchange.ts';
import type { DeviceClient, DeviceCode } from './device-client.ts';

/** RFC 8628 section 3.5: what `slow_down` adds to the interval. */
const SLOWER_BY_SECONDS = 5;
/** A browser's timer and the way to the server are not exact. */
const EARLY_MS = 500;

/** The answers after which a device stops. After any other one, or none, it asks again. */
const LAST_ANSWERS: ReadonlySet<string> = new Set([
  'access_denied',
  'expired_token',
  'invalid_grant',
  'invalid_client',
  'unauthorized_client',
  'invalid_request',
]);

/** One code of the demo's device, from the moment it was asked for until there is a decision. */
export interface DeviceSignIn {
  code: DeviceCode;
  codeRequest: Exchange | undefined;
  intervalSeconds: number;
  /** How often the device has asked, and when it last did (`performance.now()`). */
  polls: number;
  lastMs: number;
  latest?: { exchange: Exchange | undefined; failure?: Failure | undefined } | undefined;
  tokens?: Tokens | undefined;
  /** The request that has no answer yet. */
  underWay?: Promise<void> | undefined;
}

export async function askForCode(client: DeviceClient): Promise<DeviceSignIn> {
  const record: Exchange[] = [];
  const code = await client.askForCode(record);
  return {
    code,
    codeRequest: record[0],
    intervalSeconds: code.intervalSeconds,
    polls: 0,
    lastMs: performance.now(),
  };
}

export function isWaiting({ tokens, latest }: DeviceSignIn): boolean {
  return !tokens && !LAST_ANSWERS.has(latest?.failure?.code ?? '');
}

/** Asks when the interval has passed since the last time. */
export async function pollWhenDue(device: DeviceSignIn, client: DeviceClient): Promise<void> {
  const elapsedMs = performance.now() - device.lastMs;
  if (elapsedMs >= device.intervalSeconds * 1000 - EARLY_MS) await poll(device, client);
}

/**
 * Asks now, and notes the answer. Two pages that are open at once share a request: the tokens are given once, and a
 * second request would end them.
 */
export async function poll(device: DeviceSignIn, client: DeviceClient): Promise<void> {
  if (!isWaiting(device)) return;
  device.underWay ??= askOnce(device, client).finally(() => {
    device.underWay = undefined;
  });
  await device.underWay;
}

async function askOnce(device: DeviceSignIn, client: DeviceClient): Promise<void> {
  const record: Exchange[] = [];
  device.polls += 1;
  device.lastMs = performance.now();
  try {
    device.tokens = await client.poll(device.code, record);
    device.latest = { exchange: record[0] };
  } catch (error) {
    const failure = explainFailure(error);
    if (failure.code === 'slow_down') device.intervalSeconds += SLOWER_BY_SECONDS;
    device.latest = { exchange: record[0], failure };
  }
}
