import { isBoundEnough } from '../clients/allowed-now.ts';
import type { ClientCertificate } from '../clients/certificates/client-certificate.ts';
import type { Client } from '../clients/client.ts';
import { confirmationOf } from '../clients/confirmation.ts';
import type { DpopProof } from '../clients/dpop-proof.ts';
import { TokenError } from './errors.ts';

/** A request at the token endpoint whose client is authenticated and may use the grant type. */
export interface TokenRequest {
  client: Client;
  /** Each was sent at most once, and none is empty. */
  parameters: Readonly<Record<string, string | undefined>>;
  /** A verified proof, which may have been used before. */
  proof: DpopProof | undefined;
  /** Why the proof that was sent is none. It is an answer only where the request has no worse mistake. */
  proofError: TokenError | undefined;
  /** The certificate with which the client connected. */
  certificate: ClientCertificate | undefined;
  /** Says whose request this is, and why it gets nothing, for the log, as soon as that is known. */
  note(about: { person?: string; grant?: string; detail?: string }): void;
}

/** Whether the request has the proof that it needs. Without it, no statement may match. */
export function hasItsProof(request: TokenRequest): boolean {
  const cnf = confirmationOf(request.client, request);
  return request.proofError === undefined && isBoundEnough(request.client, { kind: 'AccessToken', cnf });
}

/** RFC 6749 section 5.1, with the ID token of OpenID Connect Core section 3.1.3.3. */
export interface TokenAnswer {
  access_token: string;
  /** In seconds. */
  expires_in: number;
  id_token?: string;
  refresh_token?: string;
  scope: string;
  token_type: 'Bearer' | 'DPoP';
}

/** @throws TokenError `invalid_request` that lists the missing parameters of `names`. */
export function requireParameters<Name extends string>(
  { parameters }: Pick<TokenRequest, 'parameters'>,
  ...names: Name[]
): Record<Name, string> {
  const missing = names.filter((name) => parameters[name] === undefined);
  if (missing.length > 0) throw missingParameters(missing);
  return parameters as Record<Name, string>;
}

function missingParameters(names: readonly string[]): TokenError {
  const word = names.length > 1 ? 'parameters' : 'parameter';
  const list = names.map((name) => `'${name}'`).join(' and ');
  return new TokenError('invalid_request', `missing required ${word} ${list}`);
}
