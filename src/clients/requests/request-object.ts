import { decodeJwt, type JWTPayload } from 'jose';
import { shown } from '../../refusals/shown.ts';
import type { Client } from '../client.ts';
import type { ClientKeys } from '../keys/client-keys.ts';
import { verifyClientJwt } from '../keys/verify-client-jwt.ts';
import { PROOF_ALGORITHMS } from '../proofs/dpop-proof.ts';
import type { UsedProofStore } from '../proofs/used-proof-store.ts';
import { signsMessages } from '../security-profile.ts';
import { livesTooLong, malformed, refusalOf, refused, TYPES } from './request-object-refusals.ts';

/** The algorithms in which a client may sign a request object. */
export const REQUEST_OBJECT_ALGORITHMS = PROOF_ALGORITHMS;

/** The parameters of an authorization request. A request object may have these; its other members say nothing of it. */
const PARAMETERS = [
  'response_type client_id redirect_uri scope state response_mode nonce display prompt max_age ui_locales',
  'claims_locales id_token_hint login_hint acr_values claims code_challenge code_challenge_method dpop_jkt',
  'registration',
].flatMap((names) => names.split(' '));

/** How far a client's clock may differ from ours. */
const TOLERATED_SECONDS = 15;
/** FAPI 2.0 Message Signing section 5.3.1. */
const LONGEST_SECONDS = 60 * 60;
/** For all others. The jti of a pushed object is kept until its exp. */
const LONGEST_AHEAD_SECONDS = 24 * 60 * 60;

interface Expected {
  client: Client;
  /** This server, for which the object must be. */
  issuer: string;
  now: Date;
}

/**
 * Verifies a signed request object (RFC 9101 section 6), and returns the authorization request that it is. No parameter
 * beside the object counts.
 * @throws OAuthError `invalid_request_object`.
 */
export async function verifyRequestObject(
  text: string,
  expected: Expected,
  dependencies: { clientKeys: ClientKeys },
): Promise<{ parameters: Record<string, string>; claims: JWTPayload }> {
  const { client } = expected;
  if (text.split('.').length === 5)
    throw refused('it is encrypted, which this server does not support', {
      reason: 'request_object.encrypted',
    });
  const payload = await verifySignature(text, expected, dependencies);
  // RFC 9101 section 10.8: a client assertion is a JWT of the same client for the same server.
  if (payload.sub === client.id)
    throw refused('its sub is the client, as in a client assertion', {
      reason: 'request_object.is_assertion',
      came: { sub: shown(payload.sub) },
    });
  if ((payload.client_id ?? client.id) !== client.id)
    throw refused('its client_id is not the one of the request', {
      reason: 'request_object.of_another_client',
      came: { client_id: shown(payload.client_id) },
      expected: { client_id: client.id },
    });
  checkTimes(payload, expected);
  return { parameters: { ...parametersOf(payload), client_id: client.id }, claims: payload };
}

/**
 * Uses up a request object with a `jti`. At the authorization endpoint, a browser may load its address again; a client
 * that pushes the same object again does not mean to.
 * @throws OAuthError `invalid_request_object` for all callers but the first.
 */
export async function useRequestObject(
  { jti, exp = 0 }: JWTPayload,
  { id }: Pick<Client, 'id'>,
  { usedProofs }: { usedProofs: UsedProofStore },
): Promise<void> {
  if (jti === undefined) return;
  const expiresAt = new Date((exp + TOLERATED_SECONDS) * 1000);
  if (!(await usedProofs.use({ issuer: `request objects of ${id}`, jti, expiresAt })))
    throw refused('it was pushed before, as its jti says', { reason: 'request_object.pushed_before' });
}

/**
 * The claims of a request object, without any proof: only good for telling a client by its own registered address that
 * the object is refused.
 */
export function unverifiedClaims(text: string): JWTPayload {
  try {
    return decodeJwt(text);
  } catch {
    return {};
  }
}

async function verifySignature(
  text: string,
  { client, issuer, now }: Expected,
  dependencies: { clientKeys: ClientKeys },
): Promise<JWTPayload> {
  const options = {
    types: TYPES,
    audience: issuer,
    requiredClaims: ['exp'],
    clockTolerance: TOLERATED_SECONDS,
    currentDate: now,
  };
  try {
    return await verifyClientJwt(text, { client, ...options }, dependencies);
  } catch (error) {
    throw refusalOf(error as Error, { text, client, issuer, now });
  }
}

function checkTimes({ exp = 0, nbf, jti }: JWTPayload, { client, now }: Expected): void {
  if (jti !== undefined && (typeof jti !== 'string' || jti === ''))
    throw refused('its jti must be a string', {
      reason: 'request_object.claim_wrong',
      came: { claim: 'jti' },
    });
  const seconds = now.getTime() / 1000;
  if (exp > seconds + LONGEST_AHEAD_SECONDS)
    throw refused('its exp may be a day ahead at most', livesTooLong({ exp }));
  if (!signsMessages(client)) return;
  if (nbf === undefined)
    throw refused('it must have the claim nbf', {
      reason: 'request_object.claim_missing',
      expected: { claim: 'nbf' },
    });
  if (nbf < seconds - LONGEST_SECONDS - TOLERATED_SECONDS)
    throw refused('its nbf may be 60 minutes ago at most', livesTooLong({ nbf }));
  if (exp > nbf + LONGEST_SECONDS)
    throw refused('its exp may be 60 minutes after its nbf at most', livesTooLong({ nbf, exp }));
}

/** OpenID Connect Core section 6.1: numbers are numbers there, and `claims` is an object. */
function parametersOf(payload: JWTPayload): Record<string, string> {
  if ('request' in payload || 'request_uri' in payload)
    throw refused('it must not have request or request_uri', { reason: 'request_object.nested' });
  const present = PARAMETERS.filter((name) => Object.hasOwn(payload, name));
  return Object.fromEntries(present.map((name) => [name, textOf(name, payload[name])]));
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  if (name === 'max_age' && typeof value === 'number') return String(value);
  if (name === 'claims' && typeof value === 'object' && value !== null && !Array.isArray(value))
    return jsonOf(value);
  throw refused(`its ${name} is not a string`, malformed(name));
}

/** An object can be nested too deeply to be written. */
function jsonOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw refused('its claims are nested too deeply', malformed('claims'));
  }
}
