import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { scopesGiving } from '../../accounts/claims.ts';
import { claimsAllowed } from '../../clients/allowed-now.ts';
import type { Client } from '../../clients/client.ts';
import { because } from '../reasons/refused-because.ts';
import { clientRecord } from '../storage/client-metadata.ts';

/** A client asks for a handful, and each is kept with the sign-in. */
const MOST_VALUES = 20;
const LONGEST_VALUE = 255;

type Members = Record<string, unknown>;

/** The parameter `claims`, in the form in which `checkRequestedClaims` leaves it. */
export interface RequestedClaims {
  id_token?: {
    acr?: { essential?: boolean; value?: string; values?: string[] };
    sub?: { value?: string };
    [name: string]: object | null | undefined;
  };
  userinfo?: Record<string, null>;
}

/** Reads the `claims` of an interaction, which were checked where its request began. */
export function requestedClaims({ claims }: Members): RequestedClaims {
  return JSON.parse(String(claims ?? '{}'));
}

/** Leaves of the parameter `claims` what `understoodClaims` says. */
export function checkRequestedClaims({ oidc }: KoaContextWithOIDC, claims: object, client: object): void {
  const { params } = oidc;
  if (!params) return;
  const understood = understoodClaims(claims, clientRecord(client));
  params.claims = understood && JSON.stringify(understood);
  // The library would make an essential acr a voluntary one.
  if (understood?.id_token?.acr?.essential) params.acr_values = undefined;
}

/**
 * Reduces the parameter `claims` to what this server understands and this client may ask for: the claims that its scopes
 * give, and the `acr` and `sub` of the ID token. The rest is left out, essential or not (OpenID Connect Core section
 * 5.5). The values of other claims are not looked at: the client compares them. Undefined where nothing is left.
 */
export function understoodClaims(claims: object, client: Client): RequestedClaims | undefined {
  const { id_token = {}, userinfo = {} } = claims as { id_token?: Members; userinfo?: Members };
  const idToken = understood('id_token', id_token, client);
  const parts = [
    ['id_token', { ...idToken, ...aboutTheSignIn(id_token) }] as const,
    ['userinfo', understood('userinfo', userinfo, client)] as const,
  ].filter(([, requested]) => Object.keys(requested).length > 0);
  return parts.length > 0 ? Object.fromEntries(parts) : undefined;
}

/** The claims that the client may ask for, without everything that is said about them. */
function understood(part: string, requested: Members, client: Client): Members {
  for (const [name, request] of Object.entries(requested))
    if (request !== null && !isObject(request)) throw wrong(part, name, 'must be null or an object');
  const allowed = claimsAllowed(client, Object.keys(requested), scopesGiving);
  return Object.fromEntries(allowed.map((name) => [name, null]));
}

/** OpenID Connect Core section 5.5.1.1 about `acr`, and 3.1.2.1 about `sub`: a positive answer is only about this person. */
function aboutTheSignIn({ acr, sub }: Members): Members {
  return { ...present('acr', acr), ...present('sub', sub) };
}

function present(name: 'acr' | 'sub', request: unknown): Members {
  if (!isObject(request)) return {};
  const { essential, value, values } = request;
  if (essential !== undefined && typeof essential !== 'boolean')
    throw wrong('id_token', name, 'has an essential that is neither true nor false');
  if (value !== undefined && !isText(value))
    throw wrong('id_token', name, 'has a value that is no short text');
  if (values !== undefined && (name === 'sub' || !isShortList(values)))
    throw wrong('id_token', name, 'has values that are no short list of texts');
  return {
    [name]: { ...(essential ? { essential } : {}), ...given('value', value), ...given('values', values) },
  };
}

function given(name: string, value: unknown): Members {
  return value === undefined ? {} : { [name]: value };
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_VALUE;
}

function isShortList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.length <= MOST_VALUES && value.every(isText);
}

/** Only a name of ours may be repeated. */
function wrong(part: string, name: string, what: string): errors.InvalidRequest {
  const which = /^\w{1,40}$/.test(name) ? name : 'a claim';
  return because(new errors.InvalidRequest(`claims.${part}.${which} ${what}`), {
    reason: 'claims.malformed',
    came: { claim: `${part}.${which}` },
  });
}
