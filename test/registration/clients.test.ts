import type { Knex } from 'knex';
import {
  aClient,
  aListnrSecret,
  aNewClient,
  anAcceptedIssuer,
  aPerson,
  aSecret,
  DIGEST,
  each,
  HASH,
  openRegistration,
  type Refusal,
  type Registration,
  titled,
} from '../support/registrations/registration.ts';

const KEY_X = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const TLS = "'tls_client_auth'";
const JWKS = `'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "${KEY_X}"}]}'`;

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

describe('a client is refused', () => {
  const row = (id = 'new') => `clients: the row "${id}" is refused`;
  it.each(
    titled([
      ...each(['ab', '-abc', 'a b', 'a/b'], (id) => [
        aClient({ id: `'${id}'` }),
        'client_id_format of clients',
        row(id),
        'Use letters, digits, dots, underscores, tildes and hyphens, 3 to 100 of them, a letter or digit first.',
      ]),
      [
        aNewClient({ name: "''" }),
        'client_name_length of clients',
        row(),
        'Give it a name of 1 to 80 characters, as people shall read it.',
      ],
      [
        aNewClient({ name: "U&'Pay\\202Eroll'" }),
        'name_visible',
        'client "new": name has the control character U+202E',
        'Leave it out. Control characters, and those that change the direction of text, make people read something else than what is written.',
      ],
      [
        aNewClient({ name: "'Payroll '" }),
        'name_trimmed',
        'client "new": name "Payroll " begins or ends with a space',
        'Leave the space out.',
      ],
      ...each(
        [
          aNewClient({ scopes: "'{profile}'" }),
          aNewClient({ scopes: "'{}'" }),
          aNewClient({
            scopes: "'{profile,email}'",
            grant_types: "'{urn:ietf:params:oauth:grant-type:device_code}'",
          }),
          `${aNewClient({ scopes: "'{email}'", grant_types: "'{refresh_token}'" })} UPDATE clients SET grant_types = DEFAULT WHERE id = 'new'`,
        ],
        (sql) => [
          sql,
          'scope_openid',
          'client "new" signs people in and its scopes lack openid',
          "Add it: ARRAY['openid', …]. Nobody signs in without it (OpenID Connect Core 1.0 section 3.1.2.1).",
        ],
      ),
      ...(
        [
          ['client_uri', 'client_uri_address'],
          ['initiate_login_uri', 'client_initiate_login_address'],
        ] as const
      ).flatMap(([column, constraint]) =>
        each(
          [
            'app.example',
            '/sign-in',
            'javascript:alert(1)',
            'http://app.example/',
            'http://localhost.example/',
            'https://',
            'https://app.example:port/',
            'https://ada@app.example/',
            'https://app.example/a b',
            'https://app.example/"',
            `https://app.example/${'a'.repeat(2000)}`,
          ],
          (uri): Refusal => [
            aNewClient({ [column]: `'${uri}'` }),
            `${constraint} of clients`,
            row(),
            'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without spaces and quotation marks.',
          ],
        ),
      ),
      ...each(
        [
          'app.example',
          'javascript:alert(1)',
          'http://app.example/',
          'http://localhost.example/',
          'https://ada@app.example/',
          'https://app.example/a b',
          "https://app.example/''",
        ],
        (uri): Refusal => [
          aNewClient({
            initiate_login_uri: "'https://app.example/begin'",
            target_link_uris: `ARRAY['https://app.example/', '${uri}']`,
          }),
          'target_link_uri_address',
          `client "new": target link "${uri.replace("''", "'")}" is not an address to lead people to`,
          'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without spaces and quotation marks.',
        ],
      ),
      ...each(
        [
          aNewClient({ target_link_uris: "ARRAY['https://app.example/']" }),
          `${aNewClient({ initiate_login_uri: "'https://app.example/begin'", target_link_uris: "ARRAY['https://app.example/']" })} UPDATE clients SET initiate_login_uri = NULL WHERE id = 'new'`,
        ],
        (sql): Refusal => [
          sql,
          'target_link_needs_initiation',
          'client "new" has target links and no initiate_login_uri',
          'Set initiate_login_uri, which gets the target link, or leave target_link_uris empty.',
        ],
      ),
      ...each(
        [
          'app.example',
          '/logout',
          'javascript:alert(1)',
          'http://app.example/logout',
          'http://localhost.example/logout',
          'https://app.example:port/',
          'https://ada@app.example/logout',
          'https://app.example/logout#here',
          'https://app.example#',
          'https://app.example/a b',
          'https://app.example/\n',
          `https://app.example/${'a'.repeat(2000)}`,
          '',
        ],
        (uri): Refusal => [
          aNewClient({ backchannel_logout_uri: `'${uri}'` }),
          'client_backchannel_logout_address of clients',
          row(),
          'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without a fragment, spaces and quotation marks.',
        ],
      ),
      ...(
        [
          ['logo_uri', 'client_logo_address'],
          ['tos_uri', 'client_tos_address'],
          ['policy_uri', 'client_policy_address'],
        ] as const
      ).flatMap(([column, constraint]) =>
        each(
          [
            '/logo.svg',
            '//app.example/',
            'data:image/svg+xml,',
            'javascript:alert(1)',
            'http://app.example/',
            // No content policy can name such a host.
            'http://[::1]/',
            'https://ada@app.example/',
            'https://app.example/a b',
            'https://app.example/"',
            "https://app.example/''",
            `https://app.example/${'a'.repeat(2000)}`,
          ],
          (uri): Refusal => [
            aNewClient({ [column]: `'${uri}'` }),
            `${constraint} of clients`,
            row(),
            'Write an https address, or an http address on localhost or 127.0.0.1, without spaces and quotation marks.',
          ],
        ),
      ),
      [
        aNewClient({ type: "'private'" }),
        'client_type_known of clients',
        row(),
        'Write confidential for an application whose backend keeps a secret, public for one without.',
      ],
      [
        aNewClient({ application_type: "'mobile'" }),
        'client_application_type_known of clients',
        row(),
        'Write web, or native for an application installed on a device.',
      ],
      [
        aNewClient({ instance_id: "'nowhere'" }),
        'instance_exists',
        'client "new" belongs to the instance "nowhere", which does not exist',
        'Insert the instance first, or correct instance_id. SELECT id FROM instances lists them.',
      ],
      ...each(
        ["UPDATE clients SET instance_id = 'other' WHERE id = 'web'", aClient({ instance_id: "'other'" })],
        (sql) => [
          sql,
          'client_instance_fixed',
          'client "web" belongs to the instance "home" and cannot move to "other"',
          'Register a new client there, with an id of its own: sessions, consents and tokens are tied to the instance.',
        ],
      ),
      [
        aNewClient({ redirect_uris: "'{}'" }),
        'redirect_uri_present',
        'client "new" has no redirect URI',
        "List at least one: ARRAY['https://app.example/callback'].",
      ],
      [
        aNewClient({
          grant_types: "'{authorization_code,urn:ietf:params:oauth:grant-type:device_code}'",
          redirect_uris: 'DEFAULT',
        }),
        'redirect_uri_present',
        'client "new" has no redirect URI',
        "List at least one: ARRAY['https://app.example/callback'].",
      ],
      ...each(['redirect_uris', 'post_logout_redirect_uris', 'scopes', 'grant_types'], (column) => [
        aNewClient({ [column]: "'{{a,b},{c,d}}'" }),
        'list_flat',
        `client "new": ${column} is a list of lists`,
        "Write one list: ARRAY['first', 'second'].",
      ]),
      ...each(['phone', 'OpenID', 'openid profile', ''], (scope) => [
        aNewClient({ scopes: `ARRAY['openid', '${scope}']` }),
        'scope_known',
        `client "new": unknown scope "${scope}"`,
        'Known are: openid, profile, email.',
      ]),
      ...each(['client_credentials', 'implicit', 'password'], (grant) => [
        aNewClient({ grant_types: `'{authorization_code,${grant}}'` }),
        'grant_type_known',
        `client "new": unknown grant_type "${grant}"`,
        'Known are: authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:device_code.',
      ]),
      [
        aClient({ id: "'new'", type: "'public'", require_pkce: 'false' }),
        'public_client_pkce',
        'client "new" is public and does not require PKCE',
        'Set require_pkce to true, or leave it out.',
      ],
      [
        aNewClient({ type: "'public'" }),
        'public_client_secret',
        'client "new" is public and cannot have a secret',
        'Leave the secret out, or make the client confidential.',
      ],
      [
        "UPDATE clients SET type = 'public' WHERE id = 'web'",
        'public_client_secret',
        'client "web" is public and has a secret',
        'Delete its rows of client_secrets first, or make it confidential.',
      ],
      ...each(
        [
          aClient({ id: "'web2'" }),
          "DELETE FROM client_secrets WHERE client_id = 'web'",
          `${aClient({ id: "'web2'", type: "'public'" })} UPDATE clients SET type = 'confidential' WHERE id = 'web2'`,
          `${aNewClient()} UPDATE client_secrets SET client_id = 'new', name = 'moved' WHERE client_id = 'web'`,
        ],
        (sql) => [
          sql,
          'confidential_client_secret',
          `client "${sql.includes('web2') ? 'web2' : 'web'}" is confidential and has no secret`,
          'Insert a row of client_secrets in the same transaction (npx listo client secret makes one), give it jwks, jwks_uri or a token_endpoint_auth_method, or make it public.',
        ],
      ),
      ...each(['{}', '[]', '{"keys": {}}', '{"keys": []}', `{"keys": [${Array(11).fill('{}')}]}`], (jwks) => [
        aClient({ id: "'new'", jwks: `'${jwks}'` }),
        'client_jwks_format',
        'client "new": jwks is not a set of one to ten keys',
        'Write {"keys": [ … ]} with public JWKs (RFC 7517).',
      ]),
      ...each(
        [
          '{}',
          '{"kty": "oct"}',
          '{"kty": "RSA", "e": "AQAB"}',
          `{"kty": "RSA", "e": "AQAB", "n": "${'A'.repeat(341)}"}`,
          `{"kty": "EC", "crv": "P-384", "x": "${'A'.repeat(43)}", "y": "${'A'.repeat(43)}"}`,
          `{"kty": "OKP", "crv": "X25519", "x": "${'A'.repeat(43)}"}`,
        ],
        (key) => [
          aClient({ id: "'new'", jwks: `'{"keys": [${key}]}'` }),
          'client_jwks_key',
          'client "new": jwks has a key that cannot be used',
          'Use RSA of 2048 bits or more, EC on P-256, or OKP on Ed25519.',
        ],
      ),
      [
        aClient({
          id: "'new'",
          jwks: `'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "${KEY_X}", "d": "AAAA"}]}'`,
        }),
        'client_jwks_public',
        'client "new": jwks has a private key',
        'Make a new key pair, because this one is no secret any more, and write its public members only.',
      ],
      [
        aClient({ id: "'new'", type: "'public'", jwks: JWKS }),
        'public_client_jwks',
        'client "new" is public and has keys',
        'Set jwks and jwks_uri to NULL, or type to confidential: only a backend can keep a key.',
      ],
      [
        aNewClient({ jwks: JWKS }),
        'client_jwks_or_secret',
        'client "new" has keys and cannot have a secret',
        'Set its jwks or jwks_uri to NULL in the same transaction, before: a client authenticates in one way.',
      ],
      [
        aClient({ id: "'new'", type: "'public'", jwks_uri: "'https://app.example/jwks'" }),
        'public_client_jwks',
        'client "new" is public and has keys',
        'Set jwks and jwks_uri to NULL, or type to confidential: only a backend can keep a key.',
      ],
      [
        aNewClient({ jwks_uri: "'https://app.example/jwks'" }),
        'client_jwks_or_secret',
        'client "new" has keys and cannot have a secret',
        'Set its jwks or jwks_uri to NULL in the same transaction, before: a client authenticates in one way.',
      ],
      [
        aClient({ id: "'new'", jwks: JWKS, jwks_uri: "'https://app.example/jwks'" }),
        'client_jwks_once of clients',
        row(),
        'Set one of jwks and jwks_uri to NULL: keys are registered, or published.',
      ],
      ...each(
        [
          '/jwks',
          '',
          'http://app.example/jwks',
          'ftp://app.example/jwks',
          'https://ada@app.example/jwks',
          'https://app.example/jwks#keys',
          'https://app.example/a b',
          `https://app.example/${'a'.repeat(2000)}`,
        ],
        (uri): Refusal => [
          aClient({ id: "'new'", jwks_uri: `'${uri}'` }),
          'client_jwks_uri_address of clients',
          row(),
          'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without a fragment, spaces and quotation marks.',
        ],
      ),
      [
        aClient({
          id: "'new'",
          jwks: `'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "${KEY_X}", "x5c": ["no certificate"]}]}'`,
        }),
        'client_jwks_certificate',
        'client "new": jwks has an x5c without a certificate',
        'Write an array with the certificate in base64, as in a PEM file without its first and last line and its line breaks.',
      ],
      [
        aClient({ id: "'new'", token_endpoint_auth_method: "'private_key_jwt'" }),
        'client_auth_method_known of clients',
        row(),
        'Write tls_client_auth or self_signed_tls_client_auth, or NULL for a client with a secret or keys.',
      ],
      ...[
        { token_endpoint_auth_method: TLS },
        {
          token_endpoint_auth_method: TLS,
          tls_client_auth_san_dns: "'a.example'",
          tls_client_auth_san_ip: "'192.0.2.7'",
        },
        { jwks: JWKS, tls_client_auth_san_dns: "'a.example'" },
        {
          token_endpoint_auth_method: "'self_signed_tls_client_auth'",
          jwks_uri: "'https://a.example/'",
          tls_client_auth_san_dns: "'a.example'",
        },
      ].map(
        (columns): Refusal => [
          aClient({ id: "'new'", ...columns }),
          'client_certificate_name of clients',
          row(),
          'A client with tls_client_auth has exactly one of the columns tls_client_auth_…, and every other client has none.',
        ],
      ),
      ...(
        [
          [
            'tls_client_auth_subject_dn',
            'client_certificate_dn',
            ['', 'billing', 'CN=', 'CN=a,', 'CN=a;O=b', 'CN="a"', 'CN=a\\', '=a'],
            'Write the subject as openssl x509 -noout -subject -nameopt RFC2253 prints it, such as CN=billing,O=Acme,C=DE.',
          ],
          [
            'tls_client_auth_san_dns',
            'client_certificate_dns',
            ['', '.example', '*.example', 'A.example', 'a_b.example', 'a.example.'],
            'Write a host name in lower case, without a wildcard, such as billing.acme.example.',
          ],
          [
            'tls_client_auth_san_uri',
            'client_certificate_uri',
            ['', 'billing', 'https://', 'https://a b'].filter((uri) => uri !== 'https://'),
            'Write a whole address without spaces, such as spiffe://acme.example/billing.',
          ],
          [
            'tls_client_auth_san_ip',
            'client_certificate_ip',
            ['', '192.0.2.256', '192.0.2.0/24', '2001:db8::/32', 'a.example'],
            'Write an address, such as 192.0.2.7 or 2001:db8::7, and no network.',
          ],
          [
            'tls_client_auth_san_email',
            'client_certificate_email',
            ['', 'billing', 'a@', 'a b@c.example', 'a@b@c.example'],
            'Write an e-mail address, such as billing@acme.example.',
          ],
        ] as const
      ).flatMap(([column, constraint, values, hint]) =>
        each(
          [...values],
          (value): Refusal => [
            aClient({ id: "'new'", token_endpoint_auth_method: TLS, [column]: `'${value}'` }),
            `${constraint} of clients`,
            row(),
            hint,
          ],
        ),
      ),
      [
        aClient({
          id: "'new'",
          type: "'public'",
          token_endpoint_auth_method: TLS,
          tls_client_auth_san_dns: "'a.example'",
        }),
        'public_client_certificate',
        'client "new" is public and authenticates by a certificate',
        'Set token_endpoint_auth_method to NULL, or type to confidential: only a backend can keep a key.',
      ],
      [
        `UPDATE clients SET token_endpoint_auth_method = ${TLS}, tls_client_auth_san_dns = 'a.example' WHERE id = 'web'`,
        'client_certificate_or_secret',
        'client "web" authenticates by a certificate and has a secret',
        'Delete its rows of client_secrets in the same transaction, before: a client authenticates in one way.',
      ],
      [
        aNewClient({ token_endpoint_auth_method: TLS, tls_client_auth_san_dns: "'a.example'" }),
        'client_certificate_or_secret',
        'client "new" authenticates by a certificate and cannot have a secret',
        'Set its token_endpoint_auth_method to NULL in the same transaction, before: a client authenticates in one way.',
      ],
      ...[{}, { jwks: JWKS }].map(
        (keys): Refusal => [
          aClient({ id: "'new'", token_endpoint_auth_method: "'self_signed_tls_client_auth'", ...keys }),
          'client_certificate_present',
          'client "new" authenticates by its own certificate, and its keys have none',
          'Write the certificate into x5c of a key in jwks, or set jwks_uri, where it publishes such a key (RFC 8705 section 2.2).',
        ],
      ),
      [
        `UPDATE clients SET jwks = ${JWKS} WHERE id = 'web'`,
        'client_jwks_or_secret',
        'client "web" has keys and a secret',
        'Delete its rows of client_secrets in the same transaction, before: a client authenticates in one way.',
      ],
      [
        aClient({ id: "'new'", type: "'public'", may_introspect: 'true' }),
        'public_client_introspection',
        'client "new" is public and may introspect',
        'Set may_introspect to false: who has no secret is anybody.',
      ],
      ...each(['second_factor', 'passkeys'], (column) => [
        aNewClient({ [column]: "'always'" }),
        `client_${column}_known of clients`,
        row(),
        'Write off, optional or required, or NULL for what the instance says.',
      ]),
      [
        aNewClient({ id_token_signed_response_alg: "'HS256'" }),
        'id_token_signed_response_alg_known of clients',
        row(),
        'Write RS256, PS256, ES256 or EdDSA, or leave it out for RS256.',
      ],
      ...each(['HS256', 'none', 'rs256', ''], (alg) => [
        aNewClient({ introspection_signed_response_alg: `'${alg}'` }),
        'introspection_signed_response_alg_known of clients',
        row(),
        'Write RS256, PS256, ES256 or EdDSA, or leave it out for RS256.',
      ]),
      ...each(["'{}'", "'{query,web_message}'", "'{Query}'", "'{NULL}'", "'{query,NULL}'"], (modes) => [
        aNewClient({ response_modes: modes }),
        'client_response_modes_known of clients',
        row(),
        'List at least one of query, fragment, form_post, jwt, query.jwt, fragment.jwt and form_post.jwt, or leave it out.',
      ]),
      [
        aNewClient({ response_modes: "'{{query},{jwt}}'" }),
        'list_flat',
        'client "new": response_modes is a list of lists',
        "Write one list: ARRAY['first', 'second'].",
      ],
      [
        aNewClient({ authorization_signed_response_alg: "'HS256'" }),
        'authorization_signed_response_alg_known of clients',
        row(),
        'Write RS256, PS256, ES256 or EdDSA, or leave it out: then it is as for its ID tokens.',
      ],
      [
        aNewClient({ require_signed_request_object: 'true' }),
        'signed_request_keys',
        'client "new" must sign its requests and has no keys',
        'Write its public keys into jwks or their address into jwks_uri, or set require_signed_request_object to false.',
      ],
      ...each(['fapi1', 'FAPI2', ''], (profile) => [
        aNewClient({ security_profile: `'${profile}'` }),
        'client_security_profile_known of clients',
        row(),
        'Write standard, fapi2 or fapi2_message_signing.',
      ]),
      ...each(['-a', 'a b', '', 'a'.repeat(41)], (name) => [
        aSecret({ name: `'${name}'` }),
        'client_secret_name_format of client_secrets',
        'client_secrets: the row "web" is refused',
        'Use letters, digits, dots, underscores and hyphens, up to 40, a letter or digit first. The secret itself is written nowhere.',
      ]),
      ...(
        [
          ['authorization_code_ttl_seconds', 10, 600],
          ['access_token_ttl_seconds', 60, 86_400],
          ['id_token_ttl_seconds', 60, 86_400],
          ['refresh_token_ttl_seconds', 300, 31_536_000],
        ] as const
      ).flatMap(([column, low, high]) =>
        [low - 1, high + 1].map(
          (seconds): Refusal => [
            aNewClient({ [column]: String(seconds) }),
            `${column}_range`,
            `client "new": ${column} is ${seconds}, outside ${low} to ${high}`,
            'The unit is seconds. Leave it NULL for the default.',
          ],
        ),
      ),
    ]),
  )('%s, for %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});

/** Whether a statement in this database waits for another's lock. */
async function somebodyWaits(knex: Knex): Promise<boolean> {
  const { rows } = await knex.raw(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rows.length > 0;
}

describe('a client that two transactions change at once', () => {
  it('keeps a secret when each deletes one of the last two', async () => {
    const { knex, kind } = registration.database;
    await registration.apply(aNewClient() + aSecret({ client_id: "'new'", name: "'second'" }));
    const deleted = Promise.withResolvers<void>();
    const checked = Promise.withResolvers<void>();
    let secondChecked = false;

    // The embedded database has one session, so the second transaction begins only after the first.
    const concurrent = kind === 'postgres';
    const first = knex.transaction(async (trx) => {
      await trx('client_secrets').where({ client_id: 'new', name: 'default' }).delete();
      if (concurrent) await deleted.promise;
      await trx.raw('SET CONSTRAINTS ALL IMMEDIATE');
      checked.resolve();
      while (concurrent && !secondChecked && !(await somebodyWaits(knex)));
    });
    const second = knex.transaction(async (trx) => {
      await trx('client_secrets').where({ client_id: 'new', name: 'second' }).delete();
      deleted.resolve();
      await checked.promise;
      await trx.raw('SET CONSTRAINTS ALL IMMEDIATE');
      secondChecked = true;
    });

    const results = await Promise.allSettled([first, second]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({
      constraint: 'confidential_client_secret',
    });
    await registration.apply("DELETE FROM clients WHERE id = 'new'");
  });
});

describe('a secret written instead of its digest', () => {
  const wrong = [
    'hunter2-hunter2',
    'sha256:hunter2',
    `sha256:${'A'.repeat(64)}`,
    `${DIGEST}0`,
    'argon2id:hunter2',
    HASH,
    `argon2id:${HASH.replace('m=19456', 'm=9999999')}`,
  ];
  it.each(wrong)('is refused without being repeated: %s', async (digest) => {
    for (const [sql, owner] of [
      [aSecret({ name: "'second'", digest: `'${digest}'` }), 'client "web"'],
      [aListnrSecret({ name: "'second'", digest: `'${digest}'` }), 'LiSTNR client "service"'],
    ] as const) {
      const error: Error = await registration.apply(sql).then(
        () => new Error('accepted'),
        (thrown) => thrown,
      );
      expect(error.message.split('\n')).toEqual([
        `f: secret "second" of ${owner}: the digest is not one`,
        '  Make a secret with: npx listo client secret. It prints the digest to write here: sha256: and 64 hex digits. Never write the secret itself.',
        '  Constraint: digest_format',
        '  Nothing of the file was applied.',
      ]);
    }
  });
});

describe('what is accepted', () => {
  it.each([
    ['a secret of our own making', aSecret({ name: "'2026-spring'" })],
    ['a secret brought from elsewhere', aSecret({ name: "'imported'", digest: `'argon2id:${HASH}'` })],
    [
      'lifetimes at both ends',
      aNewClient({ access_token_ttl_seconds: '60', refresh_token_ttl_seconds: '31536000' }),
    ],
    [
      'a client that only keeps people signed in',
      aNewClient({ grant_types: "'{refresh_token}'", redirect_uris: "'{}'" }),
    ],
    [
      'a client that signs nobody in, without openid',
      aNewClient({ grant_types: "'{refresh_token}'", scopes: "'{profile}'" }),
    ],
    [
      'a device without a browser, which has no redirect URI',
      aClient({
        id: "'new'",
        type: "'public'",
        grant_types: "'{urn:ietf:params:oauth:grant-type:device_code,refresh_token}'",
        redirect_uris: 'DEFAULT',
      }),
    ],
    [
      'a change from confidential to public in one transaction',
      `${aNewClient()} DELETE FROM client_secrets WHERE client_id = 'new'; UPDATE clients SET type = 'public' WHERE id = 'new'`,
    ],
    [
      'the secret of a client replaced in one transaction',
      `DELETE FROM client_secrets WHERE client_id = 'web'; ${aSecret({ name: "'next'" })}`,
    ],
    [
      'two issuers with prefixes of their own',
      `UPDATE listnr_accepted_issuers SET subject_prefix = 'listo:';
       ${anAcceptedIssuer({ issuer: "'https://idp.example'", jwks_uri: "'https://idp.example/jwks'", subject_prefix: "'idp:'" })}`,
    ],
    ...[
      'https://app.example',
      'https://app.example:8443/a?b=c#/d',
      'http://localhost:3000/',
      'http://[::1]:80?a=b',
    ].map((uri) => [
      `the application’s addresses ${uri}`,
      `UPDATE clients SET client_uri = '${uri}', initiate_login_uri = '${uri}', target_link_uris = ARRAY['${uri}']`,
    ]),
    ...['https://app.example/logout?a=b', 'http://localhost:3000/logout', 'http://[::1]:80/a'].map((uri) => [
      `the back channel ${uri}`,
      `UPDATE clients SET backchannel_logout_uri = '${uri}', backchannel_logout_session_required = true`,
    ]),
    ...[
      'https://help.example/sign-in?from=listo',
      'http://localhost:3000/help',
      'mailto:help@acme.example',
      'mailto:help+it@acme.example?subject=Help&body=I%20cannot%20sign%20in',
      'tel:+49-30-1234567',
      'tel:112;phone-context=+49',
    ].map((uri) => [`help at ${uri}`, `UPDATE instances SET support_uri = '${uri}'`]),
    ...['https://app.example/a.svg?b=c,d;e', 'http://localhost:3000/', 'http://127.0.0.1'].map((uri) => [
      `the application’s logo and links ${uri}`,
      `UPDATE clients SET logo_uri = '${uri}', tos_uri = '${uri}', policy_uri = '${uri}'`,
    ]),
    ...[
      ['subject_dn', 'CN=billing,O=Acme\\, Inc. + OU=a,C=DE'],
      ['subject_dn', '1.2.3=Gr\\C3\\B6\\C3\\9Fe, CN = Größe'],
      ['san_dns', 'billing.acme.example'],
      ['san_uri', 'spiffe://acme.example/billing'],
      ['san_ip', '192.0.2.7'],
      ['san_ip', '2001:db8::7'],
      ['san_email', 'billing@acme.example'],
    ].map(([column, value]) => [
      `a certificate with the ${column} ${value}`,
      aClient({ id: "'new'", token_endpoint_auth_method: TLS, [`tls_client_auth_${column}`]: `'${value}'` }),
    ]),
    [
      'a certificate in the keys of the client',
      aClient({
        id: "'new'",
        token_endpoint_auth_method: "'self_signed_tls_client_auth'",
        jwks: `'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "${KEY_X}", "x5c": ["${'A'.repeat(400)}"]}]}'`,
      }),
    ],
    [
      'a client that publishes its keys',
      aClient({ id: "'new'", jwks_uri: "'https://app.example:8443/jwks?tenant=a'" }),
    ],
    [
      'published keys instead of a secret, in one transaction',
      `DELETE FROM client_secrets WHERE client_id = 'web'; UPDATE clients SET jwks_uri = 'http://localhost:3000/jwks' WHERE id = 'web'`,
    ],
    ['a client deleted with its secrets', "DELETE FROM clients WHERE id = 'web'"],
    ['an instance deleted with all that is in it', "DELETE FROM instances WHERE id = 'home'"],
    ['a person with a password', aPerson({ email: "'new@home.example'", password_hash: `'${HASH}'` })],
    ['a logo on this server', "UPDATE instances SET logo_uri = '/assets/logo.svg'"],
  ])('%s', (_what, sql) => registration.expectAccepted(sql));
});
