/** The plans of the OpenID Foundation's suite that this server is certified with, and what their clients need. */
export interface Plan {
  /** The last part of the plan's alias, and the first of its clients' ids. */
  id: string;
  /** The name that the suite has for it. */
  name: string;
  variant: Readonly<Record<string, string>>;
  /** How its clients authenticate. */
  clients: 'secrets' | 'keys';
  /** Whether its clients have certificates, to which their tokens are bound. */
  certificates: boolean;
  /** The scopes that its clients ask for. Plain OAuth has no `openid`, and so no userinfo. */
  scope: string;
}

const STATIC = { server_metadata: 'discovery', client_registration: 'static_client' };
const SECRETS = { clients: 'secrets', certificates: false, scope: 'openid profile email' } as const;

/** The modes of FAPI 2.0 that are tested: with each binding of tokens, with OpenID Connect and as plain OAuth. */
const FAPI = (['dpop', 'mtls'] as const).flatMap((sender_constrain) =>
  (['openid_connect', 'plain_oauth'] as const).map((openid) => ({ sender_constrain, openid })),
);

const fapi = (
  prefix: string,
  name: string,
  { sender_constrain, openid }: (typeof FAPI)[number],
  variant: Record<string, string> = {},
): Plan => ({
  id: `${prefix}-${sender_constrain}-${openid === 'plain_oauth' ? 'oauth' : 'openid'}`,
  name,
  variant: {
    client_auth_type: 'private_key_jwt',
    fapi_profile: 'plain_fapi',
    authorization_request_type: 'simple',
    sender_constrain,
    openid,
    ...variant,
  },
  clients: 'keys',
  certificates: sender_constrain === 'mtls',
  scope: openid === 'plain_oauth' ? 'profile email' : 'openid profile email',
});

export const PLANS: readonly Plan[] = [
  { id: 'basic', name: 'oidcc-basic-certification-test-plan', variant: STATIC, ...SECRETS },
  { id: 'config', name: 'oidcc-config-certification-test-plan', variant: {}, ...SECRETS },
  { id: 'form-post', name: 'oidcc-formpost-basic-certification-test-plan', variant: STATIC, ...SECRETS },
  {
    id: 'rp-logout',
    name: 'oidcc-rp-initiated-logout-certification-test-plan',
    variant: { client_registration: 'static_client', response_type: 'code' },
    ...SECRETS,
  },
  {
    id: 'back-channel',
    name: 'oidcc-backchannel-rp-initiated-logout-certification-test-plan',
    variant: { client_registration: 'static_client', response_type: 'code' },
    ...SECRETS,
  },
  {
    id: 'private-key-jwt',
    name: 'oidcc-test-plan',
    variant: {
      ...STATIC,
      client_auth_type: 'private_key_jwt',
      response_type: 'code',
      response_mode: 'default',
    },
    ...SECRETS,
    clients: 'keys',
  },
  ...FAPI.map((mode) => fapi('fapi2', 'fapi2-security-profile-final-test-plan', mode)),
  ...FAPI.map((mode) =>
    fapi('signing', 'fapi2-message-signing-final-test-plan', mode, {
      fapi_request_method: 'signed_non_repudiation',
      fapi_response_mode: 'jarm',
    }),
  ),
  {
    id: 'third-party',
    name: 'oidcc-3rdparty-init-login-certification-test-plan',
    variant: { response_type: 'code' },
    ...SECRETS,
  },
];

export const isFapi = ({ id }: Plan): boolean => /^(fapi2|signing)-/.test(id);
/** The ids of a plan's two clients. */
export const clientsOf = ({ id }: Plan): readonly [string, string] => [`${id}-1`, `${id}-2`];
