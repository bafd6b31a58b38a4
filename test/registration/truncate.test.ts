import { openRegistration, type Registration } from '../support/registrations/registration.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
  await registration.apply("INSERT INTO people (id, instance_id) VALUES ('grace', 'home')");
});
afterAll(() => registration.close());

/** Runs the SQL, then the query, and rolls both back. Returns the rows of the query. */
async function rolledBack<T extends object>(sql: string, query: string): Promise<T[]> {
  const undo = new Error('undo');
  let rows: T[] = [];
  const applied = registration.database.knex.transaction(async (trx) => {
    await trx.raw(sql);
    ({ rows } = await trx.raw<{ rows: T[] }>(query));
    throw undo;
  });
  await expect(applied).rejects.toBe(undo);
  return rows;
}

async function versions(on = ''): Promise<Record<string, number>> {
  const rows = await rolledBack<{ name: string; version: string }>(
    on || 'SELECT 1',
    'SELECT name, version FROM versions',
  );
  return Object.fromEntries(rows.map(({ name, version }) => [name, Number(version)]));
}

async function raised(sql: string): Promise<string[]> {
  const [before, now] = [await versions(), await versions(sql)];
  return Object.keys(now)
    .filter((name) => now[name] !== before[name])
    .sort();
}

const SIGNED_IN = `
  INSERT INTO sessions (uid, id_hash, person_id, payload, expires_at)
    SELECT uid, uid::bytea, 'ada', '{}', now() + age
    FROM (VALUES ('live', interval '1 hour'), ('over', interval '-1 hour')) AS s (uid, age);
  INSERT INTO consents (person_id, client_id, scopes) VALUES ('ada', 'web', '{openid}');
  INSERT INTO grants (id, person_id, client_id, session_uid, payload, expires_at)
    VALUES ('of-live', 'ada', 'web', 'live', '{}', now() + interval '1 hour'),
           ('of-over', 'ada', 'web', 'over', '{}', now() + interval '1 hour');`;
const GRANTS = 'SELECT id FROM grants ORDER BY id';

describe('TRUNCATE', () => {
  it.each([
    ['client_secrets', ['registration']],
    ['client_secrets CASCADE', ['registration']],
    ['listnr_client_secrets', ['registration']],
    ['listnr_accepted_issuers', ['registration']],
    ['upstream_providers', ['registration']],
    ['listnr_clients CASCADE', ['registration']],
    ['clients CASCADE', ['registration']],
    ['instances CASCADE', ['people', 'registration']],
    ['people CASCADE', ['people']],
    ['signing_keys', ['keys']],
    ['past_public_keys', ['keys']],
    ['client_secrets, signing_keys', ['keys', 'registration']],
    ['used_proofs', []],
  ])('raises the versions of what processes keep in memory: %s', async (tables, names) => {
    expect(await raised(`TRUNCATE ${tables}`)).toEqual(names);
  });

  it('of people denies them to LiSTNR, as deleting them does', async () => {
    const denied = 'SELECT person_id FROM denied_subjects ORDER BY person_id';
    expect(await rolledBack('TRUNCATE people CASCADE', denied)).toEqual([
      { person_id: 'ada' },
      { person_id: 'grace' },
    ]);
  });

  it('of sessions ends what was given in those that had not expired', async () => {
    expect(await rolledBack(`${SIGNED_IN} TRUNCATE sessions`, GRANTS)).toEqual([{ id: 'of-over' }]);
  });

  it('of consents ends what was given by them', async () => {
    expect(await rolledBack(`${SIGNED_IN} TRUNCATE consents`, GRANTS)).toEqual([]);
  });

  it('of people also works where somebody is signed in', async () => {
    expect(await rolledBack(`${SIGNED_IN} TRUNCATE people CASCADE`, GRANTS)).toEqual([]);
  });
});
