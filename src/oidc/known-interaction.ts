import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import type { ArtifactStore } from '../grants/artifact-store.ts';
import { type Clock, epochSeconds } from '../platform/time/clock.ts';
import type { IdTokenHints } from './id-token-hint.ts';
import type { Session } from './session.ts';
import { fromStored } from './storage/stored-payload.ts';

type Parameters = Record<string, string | undefined>;

/** An interaction that does not go on, as far as our rows and the browser's cookie know it. */
export interface KnownInteraction {
  /** Whether this browser began it, as its cookie shows. */
  isOwn: boolean;
  /** Whether nobody has ended it, and its time is not over. */
  isOpen: boolean;
  /** Whether it was begun by a device, not by an application that waits for the browser. */
  isOfDevice: boolean;
  /** Whether it asks somebody to sign in. */
  asksToSignIn: boolean;
  params: Parameters;
  /** The person of its page, if somebody was signed in when it began. */
  accountId: string | undefined;
  /** Whether the application pushed the request (RFC 9126), perhaps to keep it out of addresses. */
  isPushed: boolean;
  /** When it began, in epoch seconds. */
  begunAt: number;
}

export async function findInteraction(
  ctx: Context,
  uid: string,
  {
    provider,
    artifacts,
    issuer,
    clock,
  }: { provider: Provider; artifacts: ArtifactStore; issuer: string; clock: Clock },
): Promise<KnownInteraction | undefined> {
  const artifact = await artifacts.find('Interaction', uid);
  if (!artifact) return undefined;
  const payload = fromStored('Interaction', uid, artifact, issuer);
  return {
    isOwn: ctx.cookies.get(provider.cookieName('interaction'), { signed: true }) === uid,
    isOpen: !artifact.consumed && Number(payload.exp) > epochSeconds(clock),
    isOfDevice: payload.deviceCode !== undefined,
    asksToSignIn: (payload.prompt as { name?: string } | undefined)?.name === 'login',
    params: (payload.params ?? {}) as Parameters,
    accountId: (payload.session as { accountId?: string } | undefined)?.accountId,
    isPushed: payload.parJti !== undefined,
    begunAt: Number(payload.iat),
  };
}

/**
 * The parameters with which the browser of an interaction asks for the same authorization again. A sign-in that was
 * asked for and has happened since need not happen again. One that another person's sign-in came between does
 * (`mustSignIn` says so, too). A person who is not the one of the page is asked, whatever they decided before. An
 * account that was chosen need not be chosen again: by signing in, or by going on as the person of the page (`goesOn`).
 * A hint is sealed, because a token must not get into an address. A pushed request loses its `login_hint`, which may be a
 * person's e-mail address.
 */
export async function repeatedRequest(
  { params, begunAt, isOpen, isPushed, asksToSignIn, accountId: formerId }: KnownInteraction,
  { accountId, loginTs }: Pick<Session, 'accountId' | 'loginTs'>,
  { hints, mustSignIn, goesOn }: { hints: IdTokenHints; mustSignIn: boolean; goesOn: boolean },
): Promise<Record<string, string>> {
  const { id_token_hint: hint, request: _request, request_uri: _uri, prompt, login_hint, ...others } = params;
  const signedInSince = accountId !== undefined && Number(loginTs) >= begunAt;
  const prompts = new Set((prompt ?? '').split(' ').filter((one) => one !== ''));
  if (mustSignIn || (isOpen && asksToSignIn)) prompts.add('login');
  else if (signedInSince) prompts.delete('login');
  const hasChosen = goesOn ? accountId === formerId : signedInSince;
  if (mustSignIn || hasChosen) prompts.delete('select_account');
  const isAnother = formerId !== undefined && accountId !== undefined && accountId !== formerId;
  if (isAnother && !prompts.has('select_account')) prompts.add('consent');
  const repeated = {
    ...others,
    ...(isPushed ? {} : { login_hint }),
    ...(hint === undefined ? {} : { sealed_hint: await hints.seal(hint, params.client_id ?? '') }),
    ...(prompts.size > 0 ? { prompt: [...prompts].join(' ') } : {}),
  };
  return Object.fromEntries(
    Object.entries(repeated).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}
