import {
  aListnrClient,
  aListnrSecret,
  anAcceptedIssuer,
  type Columns,
  each,
  openRegistration,
  type Registration,
  titled,
} from '../support/registrations/registration.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

describe('a LiSTNR client is refused', () => {
  const row = (id = 'new') => `listnr_clients: the row "${id}" is refused`;
  const service = (columns: Columns) => aListnrClient({ pattern: "'client_credentials'", ...columns });
  it.each(
    titled([
      [
        aListnrClient({ id: "'a b'" }),
        'listnr_client_id_format of listnr_clients',
        row('a b'),
        'Use letters, digits, dots, underscores, tildes and hyphens, 3 to 100 of them, a letter or digit first.',
      ],
      [
        aListnrClient({ pattern: "'basic'" }),
        'listnr_client_pattern_known of listnr_clients',
        row(),
        'Write authenticated_user or client_credentials.',
      ],
      [
        aListnrClient({ audience: "''" }),
        'listnr_client_audience_length of listnr_clients',
        row(),
        'Write 1 to 255 characters, or leave it out: it is then the client id.',
      ],
      [
        service({ default_subject: "''" }),
        'listnr_client_default_subject_length of listnr_clients',
        row(),
        'Write 1 to 255 characters, or NULL: a request must then bring its subject.',
      ],
      ...each(['read profile', 'read"profile', 'read\\profile', 'lesé', ''], (scope) => [
        aListnrClient({ scopes: `ARRAY['${scope}']` }),
        'listnr_scope_format',
        `LiSTNR client "new": "${scope}" is not a scope`,
        'A scope is one word of printable ASCII without a quotation mark or backslash (RFC 6749 section 3.3).',
      ]),
      ...each(['scopes', 'claims', 'environments', 'origins'], (column) => [
        aListnrClient({ [column]: "'{{a,b},{c,d}}'" }),
        'list_flat',
        `LiSTNR client "new": ${column} is a list of lists`,
        "Write one list: ARRAY['first', 'second'].",
      ]),
      [
        aListnrClient({ claims: "'{last_name}'" }),
        'claim_known',
        'LiSTNR client "new": unknown claim "last_name"',
        'Known are: email, display_name, first_name.',
      ],
      [
        aListnrClient({ environments: "'{staging}'" }),
        'environment_known',
        'LiSTNR client "new": unknown environment "staging"',
        'Known are: dev, production.',
      ],
      ...each(
        [
          'app.example',
          'https://app.example/',
          'https://App.example',
          '*',
          'null',
          'https://a.example:0',
          'https://a.example:65536',
          'https://1.2.3',
        ],
        (origin) => [
          aListnrClient({ origins: `ARRAY['${origin}']` }),
          'origin_valid',
          `LiSTNR client "new": "${origin}" is not an origin`,
          'An origin is a scheme, a host in lower case and perhaps a port, with nothing behind it: https://app.example.',
        ],
      ),
      ...each(['http://app.example', 'http://localhost.evil.example'], (origin) => [
        aListnrClient({ origins: `ARRAY['${origin}']` }),
        'origin_https',
        `LiSTNR client "new": the origin "${origin}" is http on a host other than loopback`,
        'Use https. Plain http is for localhost, 127.0.0.1 and [::1] only.',
      ]),
      ...each(['https://app.example:443', 'http://localhost:80'], (origin) => [
        aListnrClient({ origins: `ARRAY['${origin}']` }),
        'origin_port',
        `LiSTNR client "new": the origin "${origin}" names the port that its scheme has anyway`,
        'Leave the port out: browsers do, and origins are compared as strings.',
      ]),
      [
        service({ claims: "'{email}'" }),
        'listnr_claims_pattern',
        'LiSTNR client "new" uses client credentials and lists claims',
        'Claims come from an ID token; leave them empty, or make it authenticated_user.',
      ],
      [
        service({ origins: "'{https://app.example}'" }),
        'listnr_origins_pattern',
        'LiSTNR client "new" uses client credentials and lists origins',
        'A secret cannot be kept in a browser; leave the origins empty.',
      ],
      [
        aListnrClient({ default_subject: "'somebody'" }),
        'listnr_default_subject_pattern',
        'LiSTNR client "new" acts for signed-in users and has a default subject',
        'The subject comes from the ID token; set default_subject to NULL.',
      ],
      [
        "UPDATE listnr_clients SET pattern = 'authenticated_user' WHERE id = 'service'",
        'listnr_secret_pattern',
        'LiSTNR client "service" acts for signed-in users and has a secret',
        'Delete its rows of listnr_client_secrets first.',
      ],
      [
        aListnrSecret({ client_id: "'app'" }),
        'listnr_secret_pattern',
        'LiSTNR client "app" acts for signed-in users and cannot have a secret',
        'Leave the secret out.',
      ],
      ...each(
        [service({ id: "'service2'" }), "DELETE FROM listnr_client_secrets WHERE client_id = 'service'"],
        (sql) => [
          sql,
          'listnr_secret_present',
          `LiSTNR client "${sql.includes('service2') ? 'service2' : 'service'}" uses client credentials and has no secret`,
          'Insert a row of listnr_client_secrets in the same transaction: npx listo client secret makes one.',
        ],
      ),
      [
        anAcceptedIssuer({ client_id: "'service'" }),
        'listnr_issuers_pattern',
        'LiSTNR client "service" uses client credentials and accepts ID tokens',
        'Delete its rows of listnr_accepted_issuers.',
      ],
      ...each(
        [
          aListnrClient({ id: "'app2'" }),
          "DELETE FROM listnr_accepted_issuers WHERE client_id = 'app'",
          `${aListnrClient()} UPDATE listnr_accepted_issuers SET client_id = 'new' WHERE client_id = 'app'`,
        ],
        (sql) => [
          sql,
          'listnr_issuer_present',
          `LiSTNR client "${sql.includes('app2') ? 'app2' : 'app'}" acts for signed-in users and accepts no issuer`,
          'Insert a row of listnr_accepted_issuers in the same transaction, with the client ids whose ID tokens it may bring.',
        ],
      ),
      [
        aListnrSecret({ name: "'-a'" }),
        'listnr_client_secret_name_format of listnr_client_secrets',
        'listnr_client_secrets: the row "service" is refused',
        'Use letters, digits, dots, underscores and hyphens, up to 40, a letter or digit first. The secret itself is written nowhere.',
      ],
    ]),
  )('%s, for %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});

describe('an accepted issuer is refused', () => {
  const external = (columns: Columns = {}) =>
    anAcceptedIssuer({ issuer: "'https://idp.example'", jwks_uri: "'https://idp.example/jwks'", ...columns });
  const row = 'listnr_accepted_issuers: the row "app" is refused';
  const table = 'of listnr_accepted_issuers';
  it.each(
    titled([
      ...each(['http://idp.example', 'idp.example', 'https://idp.example#a'], (issuer) => [
        external({ issuer: `'${issuer}'` }),
        `listnr_issuer_format ${table}`,
        row,
        'Write self for Sign in with Listo, or the iss of the ID tokens: an https address (http on loopback only).',
      ]),
      ...each(['http://idp.example/jwks', '/jwks'], (uri) => [
        external({ jwks_uri: `'${uri}'` }),
        `listnr_jwks_uri_format ${table}`,
        row,
        'Write the https address where the issuer publishes its keys (http on loopback only).',
      ]),
      ...each(["'{}'", "'{NULL}'", `'{""}'`, "'{{a},{b}}'"], (audiences) => [
        external({ audiences }),
        `listnr_audiences_present ${table}`,
        row,
        "List the client ids whose ID tokens it may bring, at least one: ARRAY['client_web'].",
      ]),
      ...each(["'{}'", "'{HS256}'", "'{none}'", "'{RS256,NULL}'"], (algorithms) => [
        external({ algorithms }),
        `listnr_algorithms_known ${table}`,
        row,
        'List at least one of RS256, PS256, ES256, EdDSA.',
      ]),
      [
        external({ subject_prefix: "'a b'" }),
        `listnr_subject_prefix_format ${table}`,
        row,
        'Use printable ASCII without spaces, up to 64 characters.',
      ],
      ...each(
        [
          external({ jwks_uri: 'NULL' }),
          "UPDATE listnr_accepted_issuers SET jwks_uri = 'https://a.example/jwks'",
        ],
        (sql) => [
          sql,
          `listnr_jwks_uri_external ${table}`,
          row,
          'An external issuer needs a jwks_uri; self has none.',
        ],
      ),
      ...each(
        [
          external(),
          external({ subject_prefix: "'idp:'" }),
          `UPDATE listnr_accepted_issuers SET subject_prefix = 'listo'; ${external({ subject_prefix: "'listo:'" })}`,
          `UPDATE listnr_accepted_issuers SET subject_prefix = 'same'; ${external({ subject_prefix: "'same'" })}`,
        ],
        (sql) => [
          sql,
          'listnr_subject_prefix_distinct',
          'LiSTNR client "app" accepts several issuers whose subjects could meet',
          'Give each of its rows of listnr_accepted_issuers a subject_prefix, none of which begins with another.',
        ],
      ),
    ]),
  )('%s, for %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});
