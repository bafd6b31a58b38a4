import { randomUUID } from 'node:crypto';
import { digestSecret, hashPassword } from '../../../src/platform/secrets/digest.ts';
import { type TestServer, unique } from '../servers/test-server.ts';

/** Made-up registrations. A test sets only the columns that matter to it. */
export interface TestClient {
  client_id: string;
  /** Empty for a public client. */
  client_secret: string;
  redirect_uri: string;
}

export interface TestPerson {
  id: string;
  email: string;
  password: string;
}

export async function anInstance(
  { database }: Pick<TestServer, 'database'>,
  {
    id = unique('instance'),
    ...columns
  }: {
    id?: string;
    name?: string;
    logo_uri?: string;
    brand_color?: string;
    support_uri?: string;
    second_factor?: string;
    session_absolute_ttl_seconds?: number;
    passkeys?: string;
  } = {},
): Promise<string> {
  await database.knex('instances').insert({ id, name: `The ${id}`, ...columns });
  return id;
}

export async function aPerson(
  { database }: Pick<TestServer, 'database'>,
  {
    email = `${unique('person')}@demo.example`,
    password = 'a perfectly good password',
    instance_id = 'demo',
    ...columns
  }: {
    email?: string;
    password?: string;
    /** A hash of the password, which costs less than a new one. */
    password_hash?: string;
    instance_id?: string;
    name?: string;
    disabled_at?: Date;
  } = {},
): Promise<TestPerson> {
  const id = randomUUID();
  await database.knex('people').insert({
    id,
    instance_id,
    email,
    email_verified: true,
    password_hash: columns.password_hash ?? (await hashPassword(password)),
    name: 'Grace Hopper',
    ...columns,
  });
  return { id, email, password };
}

/** Gives a person so many user records that an ID token has 17 kB. */
export async function withManyUserRecords<Person extends { id: string }>(
  { database }: Pick<TestServer, 'database'>,
  person: Person,
): Promise<Person> {
  await database.knex('user_records').insert(
    Array.from({ length: 130 }, (_, n) => ({
      person_id: person.id,
      id: `user-record-of-a-customer-company-${n}`,
      client_id: `customer-company-with-a-name-${n}`,
    })),
  );
  return person;
}

export async function aClient(
  { database }: Pick<TestServer, 'database'>,
  {
    id = unique('client'),
    redirect_uris = ['http://127.0.0.1:9999/callback'],
    ...columns
  }: {
    id?: string;
    instance_id?: string;
    name?: string;
    type?: 'confidential' | 'public';
    application_type?: 'web' | 'native';
    redirect_uris?: string[];
    post_logout_redirect_uris?: string[];
    scopes?: string[];
    grant_types?: string[];
    require_pkce?: boolean;
    require_pushed_authorization_requests?: boolean;
    require_signed_request_object?: boolean;
    response_modes?: string[];
    authorization_signed_response_alg?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
    require_consent?: boolean;
    answer_silently?: boolean;
    second_factor?: 'off' | 'optional' | 'required';
    passkeys?: 'off' | 'optional' | 'required';
    client_uri?: string;
    initiate_login_uri?: string;
    target_link_uris?: string[];
    backchannel_logout_uri?: string;
    backchannel_logout_session_required?: boolean;
    logo_uri?: string;
    tos_uri?: string;
    policy_uri?: string;
    jwks?: { keys: object[] };
    jwks_uri?: string;
    token_endpoint_auth_method?: 'tls_client_auth' | 'self_signed_tls_client_auth';
    tls_client_certificate_bound_access_tokens?: boolean;
    tls_client_auth_subject_dn?: string;
    tls_client_auth_san_dns?: string;
    tls_client_auth_san_uri?: string;
    tls_client_auth_san_ip?: string;
    tls_client_auth_san_email?: string;
    require_dpop?: boolean;
    security_profile?: 'standard' | 'fapi2' | 'fapi2_message_signing';
    id_token_signed_response_alg?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
    introspection_signed_response_alg?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
    may_introspect?: boolean;
    authorization_code_ttl_seconds?: number;
    refresh_replay_window_seconds?: number;
  } = {},
): Promise<TestClient> {
  const client = {
    id,
    name: `The ${id}`,
    instance_id: 'demo',
    type: 'confidential',
    redirect_uris,
    scopes: ['openid', 'profile', 'email'],
    require_pkce: columns.type === 'public',
    ...columns,
  };
  const other = columns.jwks ?? columns.jwks_uri ?? columns.token_endpoint_auth_method;
  const client_secret = client.type === 'public' || other ? '' : randomUUID();
  await database.knex.transaction(async (trx) => {
    await trx('clients').insert(client);
    if (client_secret)
      await trx('client_secrets').insert({ client_id: id, digest: digestSecret(client_secret) });
  });
  return { client_id: id, client_secret, redirect_uri: redirect_uris[0] ?? '' };
}
