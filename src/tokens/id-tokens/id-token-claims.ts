import type { JWTPayload } from 'jose';
import type { Refusal } from '../../refusals/reasons.ts';
import { registered } from '../../refusals/registered.ts';
import { shown, shownTime } from '../../refusals/shown.ts';
import { isSubject } from '../claims/subject.ts';
import { IdTokenRefused } from './errors.ts';

/** How far an issuer's clock may be ahead of ours. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** The claims of an ID token that passed `checkIdToken`. */
export interface IdTokenClaims extends JWTPayload {
  sub: string;
  iat: number;
  exp: number;
}

interface Rule<Expected> {
  holds(claims: JWTPayload, expected: Expected): boolean;
  otherwise: string;
  why(claims: JWTPayload, expected: Expected): Refusal;
}

interface Now {
  now: number;
}

/**
 * Other JWTs can carry an ID token's issuer and audience. Security events and logout tokens have `events` (RFC 8417).
 * `token_use` and `typ` in the payload name another kind of token. Access tokens have `scp`. A token bound to a key
 * (`cnf`, RFC 7800) is no bearer token.
 */
const ID_TOKEN: readonly Rule<Now>[] = [
  {
    holds: ({ events, token_use, typ, scp, cnf }) =>
      [events, scp, cnf].every((claim) => claim === undefined) &&
      (token_use === undefined || token_use === 'id') &&
      (typ === undefined || typ === 'ID'),
    otherwise: 'The token is not an ID token.',
    why: (claims) => ({ reason: 'id_token.other_kind', came: { claims: kindsOf(claims) } }),
  },
  {
    holds: ({ sub }) => isSubject(sub),
    otherwise: 'The ID token has no usable sub.',
    why: () => ({ reason: 'id_token.sub_unusable' }),
  },
  {
    holds: ({ exp }) => Number.isFinite(exp),
    otherwise: 'The ID token has no exp.',
    why: () => ({ reason: 'id_token.exp_missing' }),
  },
  {
    holds: ({ exp = 0 }, { now }) => exp > now,
    otherwise: 'The ID token has expired.',
    why: ({ exp }, { now }) => untimely('id_token.expired', { exp }, now),
  },
  {
    holds: ({ iat }) => Number.isFinite(iat),
    otherwise: 'The ID token has no iat.',
    why: () => ({ reason: 'id_token.iat_missing' }),
  },
  {
    holds: ({ iat = 0 }, { now }) => iat <= now + CLOCK_TOLERANCE_SECONDS,
    otherwise: 'The ID token was issued in the future.',
    why: ({ iat }, { now }) => untimely('id_token.issued_in_future', { iat }, now),
  },
  {
    holds: ({ nbf = 0 }, { now }) => Number.isFinite(nbf) && nbf <= now + CLOCK_TOLERANCE_SECONDS,
    otherwise: 'The ID token is not valid yet.',
    why: ({ nbf }, { now }) => untimely('id_token.not_valid_yet', { nbf }, now),
  },
];

/** The claims that ID tokens do not have. */
function kindsOf({ events, token_use, typ, scp, cnf }: JWTPayload): string[] {
  return Object.entries({ events, token_use, typ, scp, cnf }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
}

/** A time of the token, with the one on the clock that judged it. */
function untimely(reason: Refusal['reason'], claim: Record<string, unknown>, now: number): Refusal {
  const [[name = '', seconds] = []] = Object.entries(claim);
  return { reason, came: { [name]: shownTime(seconds), now: shownTime(now) } };
}

/** OpenID Connect Core section 3.1.3.7, items 3 to 5, with a list of client ids instead of one. */
const AUDIENCE: readonly Rule<readonly string[]>[] = [
  {
    holds: ({ aud }, audiences) => [aud].flat().some((value) => isListed(value, audiences)),
    otherwise: 'The ID token was issued to an application that this client does not accept.',
    why: ({ aud }, audiences) => ({
      reason: 'id_token.other_audience',
      came: { aud: shown(aud) },
      expected: { aud: registered(audiences) },
    }),
  },
  {
    holds: ({ azp }, audiences) => azp === undefined || isListed(azp, audiences),
    otherwise: 'The ID token was issued to an application that this client does not accept (azp).',
    why: ({ azp }, audiences) => ({
      reason: 'id_token.other_azp',
      came: { azp: shown(azp) },
      expected: { azp: registered(audiences) },
    }),
  },
  {
    holds: ({ aud, azp }, audiences) =>
      azp !== undefined || [aud].flat().every((value) => isListed(value, audiences)),
    otherwise: 'The ID token has several audiences and no azp.',
    why: ({ aud }, audiences) => ({
      reason: 'id_token.azp_missing',
      came: { aud: shown(aud) },
      expected: { aud: registered(audiences) },
    }),
  },
];

/**
 * Accepts the claims of a current ID token for any audience.
 * @throws IdTokenRefused.
 */
export function checkIdToken(claims: JWTPayload, now: number): asserts claims is IdTokenClaims {
  check(ID_TOKEN, claims, { now });
}

/**
 * Accepts an ID token that was issued to one of `audiences`. Otherwise any application a person signs in to could get
 * tokens in their name.
 * @throws IdTokenRefused.
 */
export function checkAudience(claims: JWTPayload, audiences: readonly string[]): void {
  check(AUDIENCE, claims, audiences);
}

function check<Expected>(rules: readonly Rule<Expected>[], claims: JWTPayload, expected: Expected): void {
  const broken = rules.find((rule) => !rule.holds(claims, expected));
  if (broken) throw new IdTokenRefused(broken.otherwise, broken.why(claims, expected));
}

function isListed(value: unknown, audiences: readonly string[]): boolean {
  return typeof value === 'string' && audiences.includes(value);
}
