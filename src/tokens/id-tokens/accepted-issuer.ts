import type { JWTPayload } from 'jose';
import type { AcceptedIssuer } from '../../clients/listnr/listnr-client.ts';
import { registered } from '../../refusals/registered.ts';
import { shownAddress } from '../../refusals/shown.ts';
import { IdTokenRefused } from './errors.ts';
import { checkAudience, type IdTokenClaims } from './id-token-claims.ts';

export interface VerifiedIdToken {
  claims: IdTokenClaims;
  /** The subject of the LiSTNR token: the ID token's `sub` behind the prefix that its issuer is registered with. */
  subject: string;
  /** True for a token of this server: `claims.sub` is one of our people. */
  own: boolean;
}

/**
 * The registration of an ID token's issuer. `issuer` is our own.
 * @throws IdTokenRefused
 */
export function issuerOf<Row extends Pick<AcceptedIssuer, 'issuer'>>(
  { iss }: JWTPayload,
  accepted: readonly Row[],
  issuer: string,
): Row {
  const row = accepted.find((candidate) => iss === (candidate.issuer === 'self' ? issuer : candidate.issuer));
  if (!row) throw otherIssuer(iss, accepted, issuer);
  return row;
}

/**
 * The subject for whom a token is issued, once everything else about the ID token is right.
 * @throws IdTokenRefused when it was issued to an application that the client does not accept.
 */
export function subjectFor({
  claims,
  row,
  own,
}: {
  claims: IdTokenClaims;
  row: Pick<AcceptedIssuer, 'audiences' | 'subjectPrefix'>;
  own: boolean;
}): VerifiedIdToken {
  checkAudience(claims, row.audiences);
  return { claims, own, subject: `${row.subjectPrefix ?? ''}${claims.sub}` };
}

function otherIssuer(
  iss: unknown,
  accepted: readonly Pick<AcceptedIssuer, 'issuer'>[],
  ourselves: string,
): IdTokenRefused {
  const issuers = accepted.map(({ issuer }) => (issuer === 'self' ? ourselves : issuer));
  return new IdTokenRefused('The issuer of the ID token is not one that this client accepts.', {
    reason: 'id_token.issuer_not_accepted',
    came: { iss: shownAddress(iss) },
    expected: { iss: registered(issuers) },
  });
}
