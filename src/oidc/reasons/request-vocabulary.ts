/** The values that this server takes, for whoever sent another one. Discovery announces the same. */
export const RESPONSE_MODES = [
  'query',
  'fragment',
  'form_post',
  'jwt',
  'query.jwt',
  'fragment.jwt',
  'form_post.jwt',
] as const;

export const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const;

/** Every parameter of an authorization request that means something here. */
export const PARAMETERS: ReadonlySet<string> = new Set(
  [
    'response_type client_id redirect_uri scope state response_mode nonce display prompt max_age ui_locales',
    'claims_locales id_token_hint login_hint acr_values claims code_challenge code_challenge_method dpop_jkt',
    'registration request request_uri sealed_hint sealed_request',
    'client_secret client_assertion client_assertion_type',
  ].flatMap((names) => names.split(' ')),
);
