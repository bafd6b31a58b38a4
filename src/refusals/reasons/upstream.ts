import type { ReasonText } from '../reason-text.ts';

/** A client's developer reads this one: the rest is between the operator and the customer. */
const clientReads = 'person.refused_upstream';
const TEST = 'npx listo instance test ID tries it.';

/** Sign-ins at a customer's own provider. The remedies are for the operator. */
export const UPSTREAM_REASONS = {
  'upstream.unreachable': {
    sentence: 'The provider did not answer, or answered that it cannot just now.',
    remedy: `Ask the customer whether it is up, and whether it may be reached from here. ${TEST}`,
    clientReads,
  },
  'upstream.address_refused': {
    sentence:
      'The address of the provider, or one that its metadata names, is not public, so this server does not ask it.',
    remedy: 'Correct the issuer. If the address is meant, list its network in OUTBOUND_NETWORKS.',
    clientReads,
  },
  'upstream.issuer_other': {
    sentence: 'The provider says that it is another issuer than the one that is registered.',
    remedy: 'Register the issuer exactly as its discovery document has it (upstream_providers.issuer).',
    clientReads,
  },
  'upstream.metadata_unusable': {
    sentence: 'The discovery document of the provider is missing, or cannot be used.',
    remedy: `Correct the issuer, behind which /.well-known/openid-configuration is expected; or the customer corrects the document. ${TEST}`,
    clientReads,
  },
  'upstream.keys_unusable': {
    sentence: 'The keys of the provider cannot be had, or none of them signs.',
    remedy: 'The customer corrects what its jwks_uri answers.',
    clientReads,
  },
  'upstream.declined': {
    sentence: 'The person cancelled at the provider, or its policy refused them.',
    remedy: 'The log of the provider says why: often the person is not assigned to this application there.',
    clientReads,
  },
  'upstream.request_refused': {
    sentence: 'The provider refused the authorization request with an error of its own.',
    remedy:
      'Compare scope and client id with what the customer registered, and the redirect URI: <ISSUER>/auth/upstream/callback/<instance id>.',
    clientReads,
  },
  'upstream.client_refused': {
    sentence: 'The provider did not accept the client id and secret of this server.',
    remedy:
      'Ask the customer for the current secret, seal it (npx listo seal upstream:<instance id>), and register it in upstream_providers.client_secret_sealed.',
    clientReads,
  },
  'upstream.code_refused': {
    sentence: 'The provider did not accept its authorization code.',
    remedy:
      'A single one may be late or repeated. If it comes back, compare the redirect URI that is registered there with <ISSUER>/auth/upstream/callback/<instance id>.',
    clientReads,
  },
  'upstream.token_refused': {
    sentence: 'The token endpoint of the provider answered with an error of its own.',
    remedy: 'The error says why, and the log of the provider says more.',
    clientReads,
  },
  'upstream.answer_unusable': {
    sentence: 'The standards do not allow an answer of the provider.',
    remedy:
      'The customer corrects what its provider, or a proxy before it, answers. The check that failed is named.',
    clientReads,
  },
  'upstream.code_missing': {
    sentence: 'The answer of the provider has no code, or several.',
    remedy: 'If it comes back, the customer corrects what the provider sends to the redirect URI.',
    clientReads,
  },
  'upstream.iss_wrong': {
    sentence: 'The answer of the provider does not name its issuer (iss), or names another one.',
    remedy:
      'If it comes back, the customer corrects the provider. Otherwise somebody tried to mix up two providers (RFC 9207), and was refused.',
    clientReads,
  },
  'upstream.signature_wrong': {
    sentence: 'No key of the provider has signed its ID token.',
    remedy:
      'If the keys were replaced just now, it mends itself. If it comes back, the customer corrects what its jwks_uri answers.',
    clientReads,
  },
  'upstream.claim_wrong': {
    sentence: 'A claim of the ID token is not what it has to be.',
    remedy:
      'aud and azp: register the client id that the customer gave. iss: register the issuer. nonce: somebody presented the answer of another sign-in, or the provider leaves it out.',
    clientReads,
  },
  'upstream.time_wrong': {
    sentence: 'The ID token has expired, or is not valid yet.',
    remedy:
      'Set the clock of the provider, or that of this server (npx listo doctor): a minute is tolerated.',
    clientReads,
  },
  'upstream.sub_unusable': {
    sentence:
      'The ID token names its person with a sub that is empty, too long, or has characters that cannot be stored.',
    remedy: 'The customer chooses another attribute for sub, of up to 255 characters.',
    clientReads,
  },
  'upstream.userinfo_of_another': {
    sentence: 'The userinfo endpoint of the provider answered about another person than the ID token.',
    remedy: 'The customer corrects its userinfo endpoint: it has to answer with the sub of the token.',
    clientReads,
  },
  'upstream.not_recent': {
    sentence:
      'The provider does not say that the person signed in recently enough for this request (auth_time).',
    remedy:
      'The customer lets the provider heed max_age and prompt=login, and send auth_time; or the application asks for neither.',
    clientReads,
  },
  'upstream.person_unknown': {
    sentence: 'The person signed in there, is not known here, and first sign-ins are refused.',
    remedy:
      "Register the person's sub in upstream_identities, or let people in at their first sign-in: upstream_providers.first_sign_in = 'create'.",
    clientReads,
  },
  'upstream.person_disabled': {
    sentence: 'The person signed in there, and is disabled here.',
    remedy: 'npx listo person enable PERSON lets them in again, if that is meant.',
    clientReads,
  },
  'upstream.person_other': {
    sentence: 'Somebody signed in there who is not the person that the application asked for.',
    remedy: 'Let the right person sign in. The application may leave out id_token_hint, if anybody will do.',
    clientReads: 'person.not_the_one_asked_for',
  },
  'upstream.sign_in_unknown': {
    sentence: 'An answer of the provider belongs to no sign-in that is under way in this browser.',
    remedy: 'Let the person begin again. Back buttons, old tabs and a second click lead here.',
    clientReads,
  },
} as const satisfies Record<string, ReasonText>;
