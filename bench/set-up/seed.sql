-- The people and clients of the benchmark's load. Its secrets are public, so never apply it to anything real.
-- Applying it again changes nothing.

INSERT INTO instances (id, name) VALUES ('bench', 'Benchmark')
ON CONFLICT (id) DO UPDATE SET name = excluded.name;

-- person-1@bench.example and so on; each signs in with: correct horse battery staple
INSERT INTO people (id, instance_id, email, email_verified, name, first_name, last_name, worker_profile_id, password_hash)
SELECT 'bench-person-' || n, 'bench', 'person-' || n || '@bench.example', true, 'Person ' || n, 'Person', n::text, 'worker-profile-' || n,
  '$argon2id$v=19$m=19456,t=2,p=1$TGYG6HoJZBSCQ6xXZkDrHg$2PreCKOFj+5/YutFmllbe1vx5ZnfiA+6Y4+Pu10iRmg'
FROM generate_series(1, 1000) AS n
ON CONFLICT (id) DO NOTHING;

INSERT INTO worker_ids (person_id, worker_id)
SELECT 'bench-person-' || n, 'worker-' || n || '-' || k FROM generate_series(1, 1000) AS n, generate_series(1, 2) AS k
ON CONFLICT DO NOTHING;

INSERT INTO user_records (person_id, id, client_id)
SELECT 'bench-person-' || n, 'user-' || k, 'company-' || k FROM generate_series(1, 1000) AS n, generate_series(1, 2) AS k
ON CONFLICT DO NOTHING;

INSERT INTO clients (id, instance_id, name, type, redirect_uris, scopes)
VALUES ('bench-web', 'bench', 'Benchmark', 'confidential', '{https://app.bench.example/callback}', '{openid,profile,email}')
ON CONFLICT (id) DO UPDATE SET redirect_uris = excluded.redirect_uris, scopes = excluded.scopes;

-- Its secret: bench-web-secret-not-for-production-00001
INSERT INTO client_secrets (client_id, digest) VALUES ('bench-web', 'sha256:b7ca2a2f8aa6da9a5b561584a100c92752f690e9b8f719634ac5cdeae8827ea7')
ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;

INSERT INTO listnr_clients (id, pattern, scopes, environments)
VALUES ('bench-service', 'client_credentials', '{read:profile,write:preferences}', '{production}')
ON CONFLICT (id) DO UPDATE SET pattern = excluded.pattern, scopes = excluded.scopes, environments = excluded.environments;

-- Its secret: bench-service-secret-not-for-production-01
INSERT INTO listnr_client_secrets (client_id, digest) VALUES ('bench-service', 'sha256:1ee57b5568ec1374bd4a4e86d2011b24a9b93f46323dd4477912715d9b91cf25')
ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;

INSERT INTO listnr_clients (id, pattern, scopes, claims, environments)
VALUES ('bench-app', 'authenticated_user', '{read:profile}', '{email,display_name,first_name}', '{production}')
ON CONFLICT (id) DO UPDATE SET pattern = excluded.pattern, scopes = excluded.scopes, claims = excluded.claims, environments = excluded.environments;

INSERT INTO listnr_accepted_issuers (client_id, issuer, audiences) VALUES ('bench-app', 'self', '{bench-web}')
ON CONFLICT (client_id, issuer) DO UPDATE SET audiences = excluded.audiences;
