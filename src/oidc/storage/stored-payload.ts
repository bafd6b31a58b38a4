import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import type { Artifact, ArtifactModel } from '../../grants/artifact-store.ts';
import type { Payload } from '../../platform/payload-times.ts';
import { PATHS } from '../routes.ts';

/**
 * What is kept of one of the library's objects: nothing that a browser or a client could present. Its own id goes,
 * also from the address that an interaction returns to, and so does the id of the session that an interaction began
 * in. What is still needed of the rest is sealed under the object's own id, which is not kept.
 */
export function toStored(id: string, payload: AdapterPayload): Payload {
  const { jti: _jti, returnTo: _returnTo, session, parJti, request, params, prompt, ...rest } = payload;
  const { cookie: _cookie, ...knownSession } = (session ?? {}) as { cookie?: string };
  const { id_token_hint: idTokenHint, ...plainParams } = (params ?? {}) as Record<string, unknown>;
  const secrets = { parJti, request: request && withoutTimes(request), idTokenHint };
  return {
    ...rest,
    ...(session ? { session: knownSession } : {}),
    ...(params ? { params: plainParams } : {}),
    ...(prompt ? { prompt: withoutHint(prompt) } : {}),
    ...(Object.values(secrets).some(Boolean) ? { sealed: seal(id, JSON.stringify(secrets)) } : {}),
  };
}

/** The reason for a prompt repeats the hint among its details, which nobody reads. */
function withoutHint(prompt: { details?: Record<string, unknown> }): object {
  const { id_token_hint: _hint, ...details } = prompt.details ?? {};
  return { ...prompt, details };
}

/**
 * What was pushed is kept by the library as an unsigned JWT that begins to be valid now, so that a process whose clock
 * is a second behind would refuse it. When it ends is said by its row.
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

/** Credentials inside a payload: of the pushed request, what was pushed, and an ID token that the client sent along. */
interface Secrets {
  parJti?: string;
  request?: string;
  idTokenHint?: string;
}

/** The library's object again, for whoever presented its id. */
export function fromStored(
  model: ArtifactModel,
  id: string,
  { payload: { sealed, ...payload }, consumed }: Artifact,
  issuer: string,
): AdapterPayload {
  const { idTokenHint, ...secrets }: Secrets = typeof sealed === 'string' ? JSON.parse(open(id, sealed)) : {};
  const resumePath = payload.deviceCode === undefined ? PATHS.authorization : PATHS.code_verification;
  return {
    ...payload,
    ...secrets,
    ...(idTokenHint ? { params: { ...(payload.params as object), id_token_hint: idTokenHint } } : {}),
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
  const decipher = createDecipheriv('aes-256-gcm', keyOf(id), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}

/** Ids are at least 128 random bits, so no slow derivation is needed. */
function keyOf(id: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', id, '', 'stored payload', 32));
}
