import {
  aClient,
  aSecret,
  each,
  openRegistration,
  type Refusal,
  type Registration,
  titled,
} from '../support/registrations/registration.ts';

const keys = (...members: string[]) =>
  `'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"${members.map((member) => `, ${member}`).join('')}}]}'`;
const aFapiClient = (columns: Record<string, string> = {}) =>
  aClient({ id: "'bank'", jwks: keys(), security_profile: "'fapi2'", ...columns });
const has = (what: string, profile = 'fapi2') => `client "bank" has the profile ${profile} ${what}`;

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

describe('a security profile refuses what contradicts it', () => {
  it.each(
    titled([
      [
        aFapiClient({ type: "'public'", jwks: 'NULL' }),
        'profile_confidential',
        has('and is public'),
        'Set type to confidential, with the public keys of its backend in jwks: in this profile every client proves who it is.',
      ],
      ...each(
        [
          aFapiClient({ jwks: 'NULL' }),
          aFapiClient({ jwks: 'NULL' }) + aSecret({ client_id: "'bank'" }),
          `${aFapiClient()} UPDATE clients SET jwks = NULL WHERE id = 'bank';`,
          `${aClient({ id: "'bank'" })} ${aSecret({ client_id: "'bank'" })} UPDATE clients SET security_profile = 'fapi2' WHERE id = 'bank';`,
        ],
        (sql) => [
          sql,
          'profile_keys',
          has('and no keys'),
          'Write its public keys into jwks, their address into jwks_uri, or a token_endpoint_auth_method, and no row of client_secrets: in this profile a client authenticates with private_key_jwt or by a certificate.',
        ],
      ),
      [
        aFapiClient({
          jwks: 'NULL',
          security_profile: "'fapi2_message_signing'",
          token_endpoint_auth_method: "'tls_client_auth'",
          tls_client_auth_san_dns: "'bank.example'",
        }),
        'profile_keys',
        has('and no keys to sign its requests with', 'fapi2_message_signing'),
        'Write its public keys into jwks, or their address into jwks_uri, also if it authenticates by a certificate.',
      ],
      [
        aFapiClient() + aSecret({ client_id: "'bank'" }),
        'client_jwks_or_secret',
        'client "bank" has keys and cannot have a secret',
        'Set its jwks or jwks_uri to NULL in the same transaction, before: a client authenticates in one way.',
      ],
      ...each(['RS256', 'HS256', 'none', 'ES384'], (alg) => [
        aFapiClient({ jwks: keys(`"alg": "${alg}"`) }),
        'profile_key_algorithm',
        has('and a key for another algorithm'),
        'The alg of a key may be PS256, ES256 or EdDSA. Leave it out if the client signs with one of these already.',
      ]),
      [
        aFapiClient({ require_pkce: 'false' }),
        'profile_pkce',
        has('and does not require PKCE'),
        'Set require_pkce to true, or leave it out.',
      ],
      [
        aFapiClient({ authorization_code_ttl_seconds: '61' }),
        'profile_code_lifetime',
        has('and codes of 61 seconds'),
        'Set authorization_code_ttl_seconds to 60 at most, or leave it NULL for 60.',
      ],
      [
        aFapiClient({ grant_types: "'{authorization_code,urn:ietf:params:oauth:grant-type:device_code}'" }),
        'profile_grant_types',
        has('and a grant that it does not know'),
        "Write authorization_code and refresh_token alone: a device's code is tied to no browser.",
      ],
      ...(
        [
          ['web', 'http://localhost:8080/callback'],
          ['native', 'http://127.0.0.1/callback'],
          ['native', 'com.example.bank:/callback'],
        ] as const
      ).map(
        ([application, uri]): Refusal => [
          aFapiClient({
            application_type: `'${application}'`,
            redirect_uris: `'{https://bank.example/callback,${uri}}'`,
          }),
          'profile_redirect_uri',
          has(`and the redirect URI "${uri}"`),
          'Write https addresses alone, also for development: https://localhost:8443/callback.',
        ],
      ),
      [
        `${aFapiClient()} UPDATE clients SET id_token_signed_response_alg = 'RS256' WHERE id = 'bank';`,
        'profile_signatures',
        has('and asks for RS256'),
        'Set id_token_signed_response_alg to ES256, PS256 or EdDSA.',
      ],
      [
        aFapiClient({ authorization_signed_response_alg: "'RS256'" }),
        'profile_signatures',
        has('and asks for answers in RS256'),
        'Leave authorization_signed_response_alg NULL, for the algorithm of its ID tokens.',
      ],
      [
        aFapiClient({
          security_profile: "'fapi2_message_signing'",
          response_modes: "'{jwt,form_post}'",
        }),
        'profile_response_modes',
        has('and a response mode that is not signed', 'fapi2_message_signing'),
        'List jwt, query.jwt, fragment.jwt and form_post.jwt alone, or leave response_modes NULL for all of these.',
      ],
      [
        aFapiClient({ introspection_signed_response_alg: "'RS256'" }),
        'profile_signatures',
        has('and asks for introspection in RS256'),
        'Leave introspection_signed_response_alg NULL, for the algorithm of its ID tokens.',
      ],
      [
        aFapiClient({ security_profile: "'fapi2_message_signing'", require_pkce: 'false' }),
        'profile_pkce',
        has('and does not require PKCE', 'fapi2_message_signing'),
        'Set require_pkce to true, or leave it out.',
      ],
    ]),
  )('%s: %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});

describe('a security profile accepts', () => {
  it.each([
    ['a registration that names nothing else', aFapiClient()],
    ['keys that say their algorithm', aFapiClient({ jwks: keys('"alg": "EdDSA"', '"use": "sig"') })],
    ['keys at an address', aFapiClient({ jwks: 'NULL', jwks_uri: "'https://bank.example/jwks'" })],
    [
      'a certificate',
      aFapiClient({
        ...{ jwks: 'NULL', token_endpoint_auth_method: "'tls_client_auth'" },
        tls_client_auth_san_dns: "'bank.example'",
      }),
    ],
    [
      'signed answers in one way',
      aFapiClient({ security_profile: "'fapi2_message_signing'", response_modes: "'{form_post.jwt}'" }),
    ],
    ['codes of 60 seconds', aFapiClient({ authorization_code_ttl_seconds: '60' })],
    ['https on loopback', aFapiClient({ redirect_uris: "'{https://localhost:8443/callback}'" })],
    [
      'a client that had a secret until now',
      `${aClient({ id: "'bank'" })} ${aSecret({ client_id: "'bank'" })}
       DELETE FROM client_secrets WHERE client_id = 'bank';
       UPDATE clients SET security_profile = 'fapi2', jwks = ${keys()} WHERE id = 'bank';`,
    ],
    [
      'the way back to the standard',
      `${aFapiClient()} UPDATE clients SET security_profile = 'standard' WHERE id = 'bank';
       UPDATE clients SET id_token_signed_response_alg = 'RS256' WHERE id = 'bank';`,
    ],
  ])('%s', (_what, sql) => registration.expectAccepted(sql));

  it('no RS256, which is only the default of the column, and writes ES256', async () => {
    await registration.apply(aFapiClient());
    const row = await registration.database.knex('clients').where({ id: 'bank' }).first();
    expect(row.id_token_signed_response_alg).toBe('ES256');
    const again = `${aFapiClient().replace(/;$/, '')} ON CONFLICT (id) DO UPDATE SET id_token_signed_response_alg = excluded.id_token_signed_response_alg;`;
    expect(await registration.apply(again)).toEqual([]);
    const chosen = `UPDATE clients SET id_token_signed_response_alg = 'EdDSA' WHERE id = 'bank';`;
    expect(await registration.apply(chosen)).toHaveLength(1);
  });
});
