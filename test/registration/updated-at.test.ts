import {
  aClient,
  anUpstream,
  aSecret,
  openRegistration,
  type Registration,
} from '../support/registrations/registration.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
  await registration.apply(`
    INSERT INTO instances (id, name, authentication) VALUES ('up', 'Up', 'oidc');
    ${anUpstream({ instance_id: "'up'" })}
    INSERT INTO people (id, instance_id) VALUES ('bob', 'up');
    INSERT INTO upstream_identities (instance_id, issuer, subject, person_id) VALUES ('up', 'https://idp.example', 's', 'bob');
    INSERT INTO worker_ids (person_id, worker_id) VALUES ('bob', 'w');
    INSERT INTO user_records (person_id, id, client_id) VALUES ('bob', 'u', 'c');`);
});
afterAll(() => registration.close());

const updatedAt = async (table: string): Promise<(Date | null)[]> =>
  registration.database.knex(table).pluck('updated_at');
const run = (sql: string) => registration.database.knex.raw(sql);

describe('updated_at', () => {
  it.each([
    ['instances', 'name'],
    ['upstream_providers', 'client_id'],
    ['clients', 'name'],
    ['client_secrets', 'name'],
    ['listnr_clients', 'audience'],
    ['listnr_accepted_issuers', 'audiences'],
    ['listnr_client_secrets', 'name'],
    ['upstream_identities', 'subject'],
    ['worker_ids', 'worker_id'],
    ['user_records', 'client_id'],
  ])('of %s says when it last changed, and nothing before it did', async (table, column) => {
    const changed = column === 'audiences' ? "audiences || '{x}'" : `${column} || '2'`;
    const before = await updatedAt(table);
    expect(new Set(before)).toEqual(new Set([null]));
    await run(`UPDATE ${table} SET ${column} = ${column}`);
    await run(`UPDATE ${table} SET updated_at = '2001-01-01'`);
    expect(await updatedAt(table)).toEqual(before);
    const { rows } = await run(
      `UPDATE ${table} SET ${column} = ${changed}, updated_at = '2001-01-01' RETURNING updated_at = now() AS noted`,
    );
    expect(new Set(rows.map(({ noted }: { noted: boolean }) => noted))).toEqual(new Set([true]));
  });

  it('of a secret stays when the server notes its use', async () => {
    await registration.apply(`${aClient({ id: "'used'" })} ${aSecret({ client_id: "'used'" })}`);
    const { knex } = registration.database;
    await knex('client_secrets').where({ client_id: 'used' }).update({ last_used_at: knex.fn.now() });
    expect(await knex('client_secrets').where({ client_id: 'used' }).pluck('updated_at')).toEqual([null]);
  });

  it('of a client with a profile stays when a seed is applied again that the profile corrects', async () => {
    const seed = `INSERT INTO clients (id, instance_id, name, type, security_profile, redirect_uris, jwks) VALUES
      ('fapi', 'home', 'F', 'confidential', 'fapi2', '{https://app.example/}', '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}')
      ON CONFLICT (id) DO UPDATE SET id_token_signed_response_alg = excluded.id_token_signed_response_alg`;
    await registration.apply(seed);
    expect(await registration.apply(seed)).toEqual([]);
    const { knex } = registration.database;
    expect(await knex('clients').where({ id: 'fapi' }).pluck('updated_at')).toEqual([null]);
  });

  it('is no change in the audit trail by itself, and stands in none', async () => {
    const { knex } = registration.database;
    await knex('instances').where({ id: 'home' }).update({ name: 'Another' });
    const { detail } = await knex('audit_events').orderBy('id', 'desc').first('detail');
    expect(Object.keys(detail.new)).toEqual(['name']);
  });
});
