import { errors } from 'oidc-provider';
import type { RefusedRequest } from '../../../src/oidc/reasons/refused-request.ts';
import { whyLibraryRefused } from '../../../src/oidc/reasons/why-refused.ts';

/** A request without any mistake. */
const RIGHT: RefusedRequest = {
  route: 'authorization',
  sent: { client_id: 'a', response_type: 'code', redirect_uri: 'https://a.example/', scope: 'openid' },
  client: undefined,
  hasHint: false,
  proof: '',
  url: 'https://server.example/auth/par',
  now: new Date(0),
  due: [],
  ended: undefined,
  hasEnded: false,
};

/** Errors of features that this server does not have, or of endpoints that it answers itself. */
const OF_OTHER_ENDPOINTS = [
  'AuthorizationPending',
  'CredentialRequestDenied',
  'ExpiredLoginHintToken',
  'ExpiredToken',
  'InsufficientScope',
  'InvalidAuthorizationDetails',
  'InvalidBindingMessage',
  'InvalidClientAttestation',
  'InvalidClientAuth',
  'InvalidClientMetadata',
  'InvalidCredentialRequest',
  'InvalidGrant',
  'InvalidNonce',
  'InvalidProof',
  'InvalidSoftwareStatement',
  'InvalidTarget',
  'InvalidToken',
  'InvalidUserCode',
  'MissingUserCode',
  'RequestNotSupported',
  'SlowDown',
  'TemporarilyUnavailable',
  'TransactionFailed',
  'UnapprovedSoftwareStatement',
  'UnknownCredentialConfiguration',
  'UnknownCredentialIdentifier',
  'UnknownUserId',
  'UnsupportedGrantType',
  'UnsupportedTokenType',
  'UseAttestationChallenge',
  'UseDpopNonce',
  'UseFreshAttestation',
];
/** This server throws them itself, with a reason (`because`), in place of the library. */
const OF_THIS_SERVER = ['CustomOIDCProviderError', 'InvalidRequestObject', 'UnauthorizedClient'];
/** The class of them all, and the one whose request is looked at: a mistake that nobody finds has no reason of its own. */
const OF_ALL = ['InvalidRequest', 'OIDCProviderError'];

describe('an error of the protocol library', () => {
  it('has a reason of its own, but for these', () => {
    const classes = Object.entries(errors) as [string, new (text: string) => Error][];
    const withoutReason = classes
      .filter(([, Kind]) => whyLibraryRefused(new Kind('text'), RIGHT).reason === 'request.refused')
      .map(([name]) => name);
    expect(withoutReason.toSorted()).toEqual(
      [...OF_OTHER_ENDPOINTS, ...OF_THIS_SERVER, ...OF_ALL].toSorted(),
    );
  });

  it.each([
    ['LoginRequired', new errors.LoginRequired(), 'session.person_needed'],
    ['AccessDenied', new errors.AccessDenied(), 'consent.nothing_left'],
    ['SessionNotFound', new errors.SessionNotFound('x'), 'sign_in.over'],
    ['InvalidRequestUri', new errors.InvalidRequestUri('x'), 'request_uri.not_valid'],
    ['TypeError', new TypeError('x'), 'request.refused'],
  ])('%s', (_name, error, reason) => {
    expect(whyLibraryRefused(error, RIGHT).reason).toBe(reason);
  });

  it('gives the reason with which a page ended the interaction, if this release knows it', () => {
    const ended = (name: string) =>
      whyLibraryRefused(new errors.AccessDenied(), { ...RIGHT, ended: name, hasEnded: true }).reason;
    expect(ended('person.cancelled')).toBe('person.cancelled');
    expect(ended('person.of_a_newer_release')).toBe('person.refused');
  });
});
