import { mayBeAnsweredBy } from '../../clients/allowed-now.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { registered } from '../../refusals/registered.ts';
import { shown } from '../../refusals/shown.ts';
import { isSha256 } from '../checks/bindings.ts';
import type { RefusedRequest } from './refused-request.ts';
import { PARAMETERS, PROMPTS } from './request-vocabulary.ts';

/** Finds one mistake in a request; undefined if it is not there. */
type Look = (sent: RefusedRequest['sent'], about: RefusedRequest) => Refusal | undefined;

/** In the order in which the library looks. */
const LOOKS: readonly Look[] = [
  repeated,
  missingClient,
  bothForms,
  modeNotRegistered,
  missing,
  wrongPrompt,
  withoutOpenid,
  wrongChallenge,
  wrongClaims,
  wrongMaxAge,
  wrongHint,
  otherKey,
];

/** The library has one error for many mistakes, and only its description differs. So the request is looked at again. */
export function whyInvalid(request: RefusedRequest): Refusal {
  for (const look of LOOKS) {
    const why = look(request.sent, request);
    if (why) return why;
  }
  return { reason: 'request.refused' };
}

/** A parameter without a value counts as left out (RFC 6749 section 3.1). */
function textOf(sent: RefusedRequest['sent'], name: string): string | undefined {
  const value = sent[name];
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return value === undefined || value === '' ? undefined : String(value);
}

function repeated(sent: RefusedRequest['sent']): Refusal | undefined {
  const names = Object.keys(sent).filter((name) => PARAMETERS.has(name) && Array.isArray(sent[name]));
  return names.length > 0 ? { reason: 'parameter.repeated', came: { parameter: names } } : undefined;
}

function missingClient(sent: RefusedRequest['sent']): Refusal | undefined {
  return textOf(sent, 'client_id') === undefined ? lacking(sent, ['client_id']) : undefined;
}

function missing(sent: RefusedRequest['sent'], { route }: RefusedRequest): Refusal | undefined {
  if (route === 'device_authorization') return undefined;
  const names = ['response_type', 'redirect_uri'].filter((name) => textOf(sent, name) === undefined);
  return names.length > 0 ? lacking(sent, names) : undefined;
}

/** Says which parameters came that nobody knows: one of them may be the missing one, misspelt. */
export function lacking(sent: RefusedRequest['sent'], names: readonly string[]): Refusal {
  const unknown = Object.keys(sent).filter((name) => !PARAMETERS.has(name));
  return {
    reason: 'parameter.missing',
    ...(unknown.length > 0 ? { came: { parameter: shown(unknown) } } : {}),
    expected: { parameter: names },
  };
}

function bothForms({ request, request_uri }: RefusedRequest['sent']): Refusal | undefined {
  return request && request_uri ? { reason: 'request_uri.with_request' } : undefined;
}

function modeNotRegistered(sent: RefusedRequest['sent'], { client }: RefusedRequest): Refusal | undefined {
  const mode = textOf(sent, 'response_mode');
  if (!client || mode === undefined || mayBeAnsweredBy(client, mode)) return undefined;
  return {
    reason: 'response_mode.not_registered',
    came: { response_mode: shown(mode) },
    expected: { response_mode: registered(client.responseModes ?? []) },
  };
}

function wrongPrompt(sent: RefusedRequest['sent']): Refusal | undefined {
  const prompts = (textOf(sent, 'prompt') ?? '').split(' ').filter(Boolean);
  const unknown = prompts.filter((prompt) => !(PROMPTS as readonly string[]).includes(prompt));
  if (unknown.length > 0)
    return { reason: 'prompt.unknown', came: { prompt: shown(unknown) }, expected: { prompt: PROMPTS } };
  return prompts.includes('none') && prompts.length > 1
    ? { reason: 'prompt.none_with_others', came: { prompt: shown(prompts) } }
    : undefined;
}

/** They are about an ID token, which comes with openid alone. */
const FOR_OPENID = ['acr_values', 'claims', 'claims_locales', 'id_token_hint', 'max_age', 'nonce'];

function withoutOpenid(sent: RefusedRequest['sent']): Refusal | undefined {
  const scopes = (textOf(sent, 'scope') ?? '').split(' ').filter(Boolean);
  const parameter = FOR_OPENID.filter((name) => textOf(sent, name) !== undefined);
  if (scopes.includes('openid') || parameter.length === 0) return undefined;
  return {
    reason: 'scope.openid_missing',
    came: { scope: shown(scopes), parameter },
    expected: { scope: ['openid'] },
  };
}

function wrongChallenge(sent: RefusedRequest['sent'], { client }: RefusedRequest): Refusal | undefined {
  const challenge = textOf(sent, 'code_challenge');
  const method = textOf(sent, 'code_challenge_method');
  const expected = { code_challenge_method: 'S256' };
  if (challenge !== undefined && method === undefined)
    return { reason: 'code_challenge_method.missing', expected };
  if (method !== undefined && method !== 'S256')
    return {
      reason: 'code_challenge_method.not_supported',
      came: { code_challenge_method: shown(method) },
      expected,
    };
  if (challenge === undefined && method !== undefined) return { reason: 'code_challenge.missing' };
  if (challenge !== undefined && !isSha256(challenge)) return { reason: 'code_challenge.malformed' };
  return challenge === undefined && client?.requirePkce
    ? { reason: 'code_challenge.required', expected }
    : undefined;
}

/** Checks of this server say themselves what is wrong with a claim (checks/requested-claims.ts). */
function wrongClaims(sent: RefusedRequest['sent']): Refusal | undefined {
  const text = textOf(sent, 'claims');
  if (text === undefined) return undefined;
  const claims = parsed(text);
  const { id_token, userinfo } = isObject(claims) ? claims : {};
  const parts = [id_token, userinfo].filter((part) => part !== undefined);
  return parts.length > 0 && parts.every(isObject) ? undefined : { reason: 'claims.malformed' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongMaxAge(sent: RefusedRequest['sent']): Refusal | undefined {
  const age = textOf(sent, 'max_age');
  if (age === undefined || (Number.isSafeInteger(Number(age)) && Number(age) >= 0)) return undefined;
  return { reason: 'max_age.malformed', came: { max_age: shown(age) } };
}

function wrongHint(sent: RefusedRequest['sent'], { hasHint }: RefusedRequest): Refusal | undefined {
  const hint = textOf(sent, 'id_token_hint') ?? textOf(sent, 'sealed_hint');
  return hint === undefined || hasHint ? undefined : { reason: 'id_token_hint.not_valid' };
}

function otherKey(sent: RefusedRequest['sent'], { route }: RefusedRequest): Refusal | undefined {
  const isPushed = route === 'pushed_authorization_request';
  return isPushed && textOf(sent, 'dpop_jkt') !== undefined
    ? { reason: 'dpop_jkt.of_another_key' }
    : undefined;
}
