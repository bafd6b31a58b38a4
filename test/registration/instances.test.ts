import {
  anUpstream,
  type Columns,
  each,
  insert,
  openRegistration,
  type Registration,
  titled,
} from '../support/registrations/registration.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
  await registration.apply(`INSERT INTO instances (id, name, authentication) VALUES ('federated', 'Federated', 'oidc');
    ${anUpstream({ instance_id: "'federated'" })}`);
});
afterAll(() => registration.close());

describe('an instance is refused', () => {
  const refused = (columns: Columns): string =>
    insert('instances', { id: "'new'", name: "'New'", ...columns });
  const row = (id = 'new') => `instances: the row "${id}" is refused`;

  it.each(
    titled([
      ...each(['New', 'n w', '-new', 'new-', 'n'.repeat(41), 'n_w'], (id) => [
        refused({ id: `'${id}'` }),
        'instance_id_format of instances',
        row(id),
        'Use lower case letters, digits and hyphens, up to 40, with a letter or digit at both ends: acme-eu.',
      ]),
      ...each(["''", "repeat('n', 81)"], (name) => [
        refused({ name }),
        'instance_name_length of instances',
        row(),
        'Give it a name of 1 to 80 characters, as people shall read it.',
      ]),
      ...each(['202E', '2066', '061C', '0007', '200B', '2028'], (point) => [
        refused({ name: `U&'Ac\\${point}me'` }),
        'name_visible',
        `instance "new": name has the control character U+${point}`,
        'Leave it out. Control characters, and those that change the direction of text, make people read something else than what is written.',
      ]),
      ...each([' Acme', 'Acme ', 'Acme\u00a0', ' '], (name) => [
        refused({ name: `'${name}'` }),
        'name_trimmed',
        `instance "new": name "${name}" begins or ends with a space`,
        'Leave the space out.',
      ]),
      [
        refused({ authentication: "'saml'" }),
        'instance_authentication_known of instances',
        row(),
        'Write password, or oidc with a row of upstream_providers.',
      ],
      ...each(
        ['http://a.example/logo.svg', '//a.example/logo.svg', 'logo.svg', 'https://a.example/a b', '/a;b'],
        (uri) => [
          refused({ logo_uri: `'${uri}'` }),
          'instance_logo_address of instances',
          row(),
          'Write an https address, or a path on this server that begins with one slash, without spaces, quotation marks, commas and semicolons.',
        ],
      ),
      ...each(
        [
          'help@a.example',
          'mailto:',
          'mailto:help',
          'mailto:a b@a.example',
          'tel:',
          'tel:call me',
          'http://a.example/help',
          '/help',
          'javascript:alert(1)',
          'https://a.example/"',
          `https://a.example/${'a'.repeat(2000)}`,
        ],
        (uri) => [
          refused({ support_uri: `'${uri}'` }),
          'instance_support_address of instances',
          row(),
          'Write an https address, mailto: with an e-mail address (mailto:help@acme.example), or tel: with a telephone number (tel:+49-30-1234567), without spaces and quotation marks. Plain http is for localhost, 127.0.0.1 and [::1].',
        ],
      ),
      ...each(['green', '#fff', '#1f5fbff', '1f5fbf'], (color) => [
        refused({ brand_color: `'${color}'` }),
        'instance_brand_color_hex of instances',
        row(),
        'Write # and six hex digits: #1f5fbf.',
      ]),
      ...each(['second_factor', 'passkeys'], (column) => [
        refused({ [column]: "'always'" }),
        `instance_${column}_known of instances`,
        row(),
        'Write off, optional or required.',
      ]),
      [
        refused({ authentication: "'oidc'" }),
        'instance_has_upstream',
        'instance "new" signs people in through an OpenID provider, and has none',
        'Insert its row of upstream_providers in the same transaction, or set its authentication to password.',
      ],
      [
        "DELETE FROM upstream_providers WHERE instance_id = 'federated'",
        'instance_has_upstream',
        'instance "federated" signs people in through an OpenID provider, and has none',
        'Insert its row of upstream_providers in the same transaction, or set its authentication to password.',
      ],
    ]),
  )('%s, for %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});

describe('an upstream provider is refused', () => {
  const row = 'upstream_providers: the row "home" is refused';
  it.each(
    titled([
      ...each(
        [
          'idp.example',
          'http://idp.example',
          'https://idp.example?a=b',
          'https://idp.example#a',
          'https://a b',
        ],
        (uri) => [
          anUpstream({ issuer: `'${uri}'` }),
          'upstream_issuer_https of upstream_providers',
          row,
          "Copy the issuer from the provider's discovery document: an https address without query or fragment (http on loopback only).",
        ],
      ),
      [
        anUpstream({ client_id: "''" }),
        'upstream_client_id_length of upstream_providers',
        row,
        'Write the client id that the provider gave this server, 1 to 255 characters.',
      ],
      ...each(['s3cret', 'sealed:v1:s3cret', 'sealed:v1:0123abcd:a:b'], (secret) => [
        anUpstream({ client_secret_sealed: `'${secret}'` }),
        'upstream_client_secret_sealed of upstream_providers',
        row,
        'Seal the secret with: npx listo seal upstream:<instance id>. Never write the secret itself.',
      ]),
      ...each(['profile email', 'openid,profile'], (scope) => [
        anUpstream({ scope: `'${scope}'` }),
        'upstream_scope_openid of upstream_providers',
        row,
        'Separate the scopes by single spaces and let openid be one of them: openid profile email.',
      ]),
      [
        anUpstream({ claim_mapping: `'["email"]'` }),
        'upstream_claim_mapping_object of upstream_providers',
        row,
        'Write a JSON object from column to claim: {"email": "mail"}.',
      ],
      [
        anUpstream({ claim_mapping: `'{"mail": "email"}'` }),
        'upstream_claim_mapping_known',
        'the upstream provider of "home" maps a claim to "mail"',
        'The columns that a claim can fill are: email, email_verified, name, first_name, last_name, worker_profile_id.',
      ],
      ...each(['["mail"]', 'null', '""'], (claim) => [
        anUpstream({ claim_mapping: `'{"email": ${claim}}'` }),
        'upstream_claim_mapping_name',
        'the upstream provider of "home" maps to "email" what is not the name of a claim',
        'Write the name of one claim as a string: {"email": "mail"}.',
      ]),
      [
        anUpstream({ first_sign_in: "'ask'" }),
        'upstream_first_sign_in_known of upstream_providers',
        row,
        'Write create or refuse.',
      ],
      [
        anUpstream({ instance_id: "'nowhere'" }),
        'instance_exists',
        'the upstream provider "https://idp.example" belongs to the instance "nowhere", which does not exist',
        'Insert the instance first, or correct instance_id. SELECT id FROM instances lists them.',
      ],
    ]),
  )('%s, for %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});
