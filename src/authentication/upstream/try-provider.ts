import * as openid from 'openid-client';
import type { UpstreamProvider } from '../../instances/instance.ts';
import type { OutboundFetch } from '../../platform/network/outbound-fetch.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { createUpstreamConfigurations } from './upstream-configuration.ts';
import { whyUpstreamFailed } from './upstream-why.ts';

/** One step of trying a provider: what it showed, or why it failed. */
export interface Tried {
  step: 'discovery' | 'keys' | 'token';
  facts: readonly string[];
  why?: Refusal;
}

/** Nobody issued it. */
const MADE_UP = 'listo-made-up-code';
/** The kinds of keys whose public half verifies a signature. */
const SIGNING = new Set(['RSA', 'EC', 'OKP']);

/**
 * Tries a provider as a sign-in would, without a person: its discovery document, its keys, and with `redirectUri` a token
 * request with a code that nobody issued. A provider that says that the code is wrong has accepted the client before.
 */
export async function tryProvider(
  provider: UpstreamProvider,
  { fetch, redirectUri }: { fetch: OutboundFetch; redirectUri?: string },
): Promise<Tried[]> {
  let configuration: openid.Configuration;
  try {
    configuration = await createUpstreamConfigurations(fetch)(provider);
  } catch (error) {
    return [{ step: 'discovery', facts: [], why: whyUpstreamFailed(error, { provider }) }];
  }
  const metadata = configuration.serverMetadata();
  const tried: Tried[] = [
    { step: 'discovery', facts: [metadata.issuer, ...scopesMissing(provider, metadata)] },
  ];
  tried.push(await tryKeys(new URL(metadata.jwks_uri ?? ''), fetch));
  if (redirectUri !== undefined) tried.push(await tryToken(configuration, provider, redirectUri));
  return tried;
}

/** A provider need not announce all scopes, so this is no mistake. */
function scopesMissing(
  { scope }: UpstreamProvider,
  { scopes_supported: known }: openid.ServerMetadata,
): string[] {
  if (!Array.isArray(known)) return [];
  const missing = scope.split(' ').filter((one) => !known.includes(one));
  return missing.length === 0 ? [] : [`does not announce the scopes ${missing.join(', ')}`];
}

async function tryKeys(address: URL, fetch: OutboundFetch): Promise<Tried> {
  const unusable = (came: Refusal['came']): Tried => ({
    step: 'keys',
    facts: [],
    why: { reason: 'upstream.keys_unusable', ...(came ? { came } : {}) },
  });
  try {
    const response = await fetch(address);
    if (response.status !== 200) return unusable({ address: address.href, status: String(response.status) });
    const { keys } = (await response.json()) as { keys?: unknown };
    const signing = (Array.isArray(keys) ? keys : []).filter(
      ({ kty, use }) => SIGNING.has(kty) && (use === undefined || use === null || use === 'sig'),
    );
    if (signing.length === 0) return unusable({ address: address.href, check: 'no key signs' });
    return { step: 'keys', facts: [signing.length === 1 ? 'one key' : `${signing.length} keys`] };
  } catch (error) {
    if (error instanceof SyntaxError) return unusable({ address: address.href, check: 'no JSON' });
    return { step: 'keys', facts: [], why: { ...why(error), reason: 'upstream.keys_unusable' } };
  }
}

function why(error: unknown): Refusal {
  return whyUpstreamFailed(error, { provider: { issuer: '', clientId: '' } });
}

async function tryToken(
  configuration: openid.Configuration,
  provider: UpstreamProvider,
  redirectUri: string,
): Promise<Tried> {
  const callbackUrl = new URL(redirectUri);
  callbackUrl.searchParams.set('code', MADE_UP);
  callbackUrl.searchParams.set('iss', configuration.serverMetadata().issuer);
  try {
    await openid.authorizationCodeGrant(configuration, callbackUrl, {
      pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    });
  } catch (error) {
    const refusal = whyUpstreamFailed(error, { provider, callbackUrl });
    if (refusal.reason === 'upstream.code_refused')
      return { step: 'token', facts: ['the client id and secret are right'] };
    return { step: 'token', facts: [], why: refusal };
  }
  return {
    step: 'token',
    facts: [],
    why: { reason: 'upstream.answer_unusable', came: { check: 'takes any code' } },
  };
}
