import pg from 'pg';

const PEOPLE = 20_000;
const ROWS = 200_000;
/** Three quarters of all rows have expired, some of them more than a month ago. */
const EXPIRY = `now() + (n - ${ROWS * 0.75}) * interval '20 seconds'`;
/** As long as real hashes and payloads. */
const HASH = (what: string) => `sha256(convert_to('${what} ' || n, 'UTF8'))`;
/** No more than the server keeps, a thousand from each address. */
const UNANSWERED = 100_000;
const HASH_OF_ADDRESS = `sha256(convert_to('address ' || n % ${UNANSWERED / 1000}, 'UTF8'))`;
const PASSWORD =
  '$argon2id$v=19$m=19456,t=2,p=1$TGYG6HoJZBSCQ6xXZkDrHg$2PreCKOFj+5/YutFmllbe1vx5ZnfiA+6Y4+Pu10iRmg';
const PAYLOAD = `jsonb_build_object('filling', repeat('x', 200))`;

/** The rows of a server without housekeeping, from `person-1` to `grant-200000`. */
export async function fillTables(url: string): Promise<void> {
  // This needs its own connection, because a server's connections give up a statement after seconds.
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const fill = (table: string, columns: string, values: string, rows = ROWS) =>
    client.query(`INSERT INTO ${table} (${columns}) SELECT ${values} FROM generate_series(1, ${rows}) AS n`);
  // If the user may, this turns off the look-up of every reference, which is most of the work.
  await client.query(`DO $$ BEGIN
    SET session_replication_role = replica;
    EXCEPTION WHEN insufficient_privilege THEN NULL; END $$`);
  await client.query(`
    INSERT INTO instances (id, name) VALUES ('demo', 'Demo');
    INSERT INTO clients (id, instance_id, name, type, redirect_uris)
    VALUES ('web', 'demo', 'Web', 'public', '{https://app.example/callback}')`);
  await fill(
    'people',
    'id, instance_id, email, password_hash',
    `'person-' || n, 'demo', 'person-' || n || '@demo.example', '${PASSWORD}'`,
    PEOPLE,
  );
  await fill('worker_ids', 'person_id, worker_id', "'person-' || n, 'worker-' || n", PEOPLE);
  await fill('consents', 'person_id, client_id, scopes', "'person-' || n, 'web', '{openid}'", PEOPLE);
  await fill('user_records', 'person_id, id, client_id', "'person-' || n, 'user-' || n, 'company'", PEOPLE);

  const person = `'person-' || (n % ${PEOPLE} + 1)`;
  await fill(
    'sessions',
    'uid, id_hash, person_id, payload, expires_at',
    `'session-' || n, ${HASH('session')}, ${person}, ${PAYLOAD}, ${EXPIRY}`,
  );
  await fill(
    'grants',
    'id, person_id, client_id, session_uid, payload, expires_at',
    `'grant-' || n, ${person}, 'web', 'session-' || n, ${PAYLOAD}, ${EXPIRY}`,
  );
  await fill(
    'artifacts',
    'model, id_hash, grant_id, payload, expires_at, consumed_at',
    `'AuthorizationCode', ${HASH('code')}, 'grant-' || n, ${PAYLOAD}, ${EXPIRY}, CASE WHEN n % 10 > 0 THEN now() END`,
  );
  await fill(
    'artifacts',
    'model, id_hash, user_code_mac, payload, expires_at',
    `'DeviceCode', ${HASH('device code')}, ${HASH('user code')}, ${PAYLOAD}, ${EXPIRY}`,
  );
  await fill(
    'artifacts',
    'model, id_hash, address_mac, payload, expires_at',
    `'Interaction', ${HASH('interaction')}, ${HASH_OF_ADDRESS}, ${PAYLOAD}, ${EXPIRY}`,
    UNANSWERED,
  );
  await fill(
    'refresh_families',
    'family, grant_id, payload, expires_at',
    `substring(${HASH('family')} FOR 16), 'grant-' || n, ${PAYLOAD}, ${EXPIRY}`,
  );
  await fill('revoked_access_tokens', 'jti, expires_at', `'token-' || n, ${EXPIRY}`);
  await fill('used_proofs', 'id_hash, expires_at', `${HASH('proof')}, ${EXPIRY}`);
  await fill(
    'upstream_sign_ins',
    'state_hash, instance_id, sealed, expires_at',
    `${HASH('state')}, 'demo', repeat('x', 200), ${EXPIRY}`,
  );
  await fill(
    'pending_sign_ins',
    'uid_hash, person_id, password_fingerprint, proven, expires_at',
    `${HASH('pending')}, 'person-' || n, '', ${PAYLOAD}, ${EXPIRY}`,
  );
  await fill(
    'deliveries',
    'kind, client_id, payload, state, due_at, expires_at',
    `'backchannel_logout', 'client-' || n % 500, ${PAYLOAD},
     CASE WHEN n % 10 > 0 THEN 'delivered' ELSE 'queued' END, CASE WHEN n % 10 = 0 THEN ${EXPIRY} END, ${EXPIRY}`,
  );
  await fill(
    'one_time_links',
    'about, kind, id_hash, sealed, expires_at, kept_until',
    `${HASH('account')}, 'reset', ${HASH('link')}, repeat('x', 200), ${EXPIRY}, ${EXPIRY}`,
  );
  await fill(
    'link_requests',
    'browser_hash, about, sealed, expires_at',
    `${HASH('browser')}, ${HASH('account')}, repeat('x', 200), ${EXPIRY}`,
  );
  await fill(
    'refusals',
    'request_id, service, endpoint, status, client_id, lane, error, expires_at',
    `'request-' || n, 'listo', '/auth/token', 400, 'client-' || n % 500, 'listo client-' || n % 500, 'invalid_grant', ${EXPIRY}`,
  );
  await fill('denied_subjects', 'person_id, expires_at', `'person-' || n, ${EXPIRY}`);
  await fill('guesses', 'bucket, most, expires_at', `'bucket-' || n, 20, ${EXPIRY}`);
  await fill('past_public_keys', 'kid, alg, public_jwk, expires_at', `'key-' || n, 'RS256', '{}', ${EXPIRY}`);
  await client.query('ANALYZE');
  await client.end();
}
