import type { Origin } from '../audit/record.ts';
import type { ClientCertificate } from '../clients/certificates/client-certificate.ts';
import type { Client } from '../clients/client.ts';
import type { DpopProof } from '../clients/proofs/dpop-proof.ts';
import type { Refusal } from '../refusals/reasons.ts';
import type { TokenError } from './errors.ts';

/** A request at the token endpoint whose client is authenticated and may use the grant type. */
export interface TokenRequest {
  client: Client;
  /** Each was sent at most once, and none is empty. */
  parameters: Readonly<Record<string, string | undefined>>;
  /** A verified proof, which may have been used before. */
  proof: DpopProof | undefined;
  /**
   * Why the proof that was sent is none, or that the request lacks a proof or certificate that its client must send. It
   * is an answer only where the request has no worse mistake; with it, no statement may match.
   */
  proofError: TokenError | undefined;
  /** The certificate with which the client connected. */
  certificate: ClientCertificate | undefined;
  /** Where it comes from, for the audit trail. */
  origin(): Origin;
  /** Says whose request this is, and why it gets nothing, for the log, as soon as that is known. */
  note(about: { person?: string; grant?: string; detail?: string; why?: Refusal }): void;
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
