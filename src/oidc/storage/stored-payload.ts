import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import type { Artifact, ArtifactModel } from '../../grants/artifact-store.ts';
import type { Payload } from '../../platform/time/payload-times.ts';
import { PATHS } from '../routes.ts';

/**
 * The stored form of a library object, without anything that a browser or client could present. It omits the object's
 * own id, also in an interaction's return address, and the id of the session in which an interaction began. Other
 * needed secrets are sealed under the object's own id, which is not stored.
 */
export function toStored(id: string, payload: AdapterPayload): Payload {
  const { jti: _jti, returnTo: _returnTo, session, parJti, request, params, prompt, ...rest } = payload;
  const { cookie: _cookie, ...knownSession } = (session ?? {}) as { cookie?: string };
  const {
    id_token_hint: idTokenHint,
    sealed_hint: sealedHint,
    ...plainParams
  } = (params ?? {}) as Record<string, unknown>;
  const secrets = { parJti, request: request && withoutTimes(request), idTokenHint, sealedHint };
  return {
    ...rest,
    ...(session ? { session: knownSession } : {}),
    ...(params ? { params: plainParams } : {}),
    ...(prompt ? { prompt: withoutHint(prompt) } : {}),
    ...(Object.values(secrets).some(Boolean) ? { sealed: seal(id, JSON.stringify(secrets)) } : {}),
  };
}

/** The details of a prompt repeat the hint, and nobody reads it there. */
function withoutHint(prompt: { details?: Record<string, unknown> }): object {
  const { id_token_hint: _hint, ...details } = prompt.details ?? {};
  return { ...prompt, details };
}

/**
 * The library keeps a pushed request as an unsigned JWT that is valid from now on, so a process whose clock is a
 * second behind would refuse it. The row has its expiry.
 */
function withoutTimes(request: string): string {
  const [header, payload = '', signature] = request.split('.');
  if (signature !== '') return request;
  const {
    iat: _iat,
    nbf: _nbf,
    exp: _exp,
    ...claims
  } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
}

/** Credentials in a payload: the content of a pushed request, and an ID token that the client sent, or what stands for it. */
interface Secrets {
  parJti?: string;
  request?: string;
  idTokenHint?: string;
  sealedHint?: string;
}

/** Restores the library's object for the holder of its id. */
export function fromStored(
  model: ArtifactModel,
  id: string,
  { payload: { sealed, ...payload }, consumed }: Artifact,
  issuer: string,
): AdapterPayload {
  const read: Secrets = typeof sealed === 'string' ? JSON.parse(open(id, sealed)) : {};
  const { idTokenHint, sealedHint, ...secrets } = read;
  const hints = {
    ...(idTokenHint ? { id_token_hint: idTokenHint } : {}),
    ...(sealedHint ? { sealed_hint: sealedHint } : {}),
  };
  const resumePath = payload.deviceCode === undefined ? PATHS.authorization : PATHS.code_verification;
  return {
    ...payload,
    ...secrets,
    ...(idTokenHint || sealedHint ? { params: { ...(payload.params as object), ...hints } } : {}),
    jti: id,
    ...(consumed ? { consumed: true } : {}),
    ...(model === 'Interaction' ? { returnTo: `${issuer}${resumePath}/${id}` } : {}),
  };
}

function seal(id: string, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(id), nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

function open(id: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', keyOf(id), bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}

/** Ids are at least 128 random bits, so no slow derivation is needed. */
function keyOf(id: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', id, '', 'stored payload', 32));
}
