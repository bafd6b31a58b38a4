-- The demo: one instance, one person, three relying parties and two LiSTNR clients.
-- Applied by `npm start` on the embedded database; by hand with: npx listo seed config/seeds/demo.sql
-- Applying it again changes nothing. The secrets are public, so never use them for anything real.

INSERT INTO instances (id, name, authentication, brand_color, support_uri)
VALUES ('demo', 'Demo Company', 'password', '#0b6e4f', 'mailto:help@demo.example')
ON CONFLICT (id) DO UPDATE SET
  name = excluded.name, authentication = excluded.authentication, brand_color = excluded.brand_color,
  support_uri = excluded.support_uri;

-- Signs in as ada@demo.example with: correct horse battery staple   (npx listo password hash)
INSERT INTO people (id, instance_id, email, email_verified, name, first_name, last_name, worker_profile_id, password_hash)
VALUES (
  '7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f', 'demo', 'ada@demo.example', true, 'Ada Lovelace', 'Ada', 'Lovelace', 'worker-profile-1815',
  '$argon2id$v=19$m=19456,t=2,p=1$TGYG6HoJZBSCQ6xXZkDrHg$2PreCKOFj+5/YutFmllbe1vx5ZnfiA+6Y4+Pu10iRmg'
)
ON CONFLICT (id) DO UPDATE SET
  email = excluded.email, email_verified = excluded.email_verified, name = excluded.name, first_name = excluded.first_name,
  last_name = excluded.last_name, worker_profile_id = excluded.worker_profile_id, password_hash = excluded.password_hash;

INSERT INTO worker_ids (person_id, worker_id)
VALUES
  ('7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f', 'worker-1815'),
  ('7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f', 'worker-1852')
ON CONFLICT DO NOTHING;

INSERT INTO user_records (person_id, id, client_id)
VALUES
  ('7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f', 'user-1', 'company-analytical-engines'),
  ('7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f', 'user-2', 'company-difference-engines')
ON CONFLICT (person_id, id) DO UPDATE SET client_id = excluded.client_id;

-- A web application with a backend. Its /demo callback is at the issuer, which the server passes to this file.
INSERT INTO clients (
  id, instance_id, name, type, redirect_uris, post_logout_redirect_uris, scopes, require_pkce, client_uri, initiate_login_uri
)
VALUES (
  'client_demo_web', 'demo', 'Demo web application', 'confidential',
  ARRAY(SELECT DISTINCT unnest(ARRAY[
    'http://localhost:3000/demo/callback',
    'http://127.0.0.1:9999/callback',
    coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo/callback'
  ])),
  ARRAY[coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo'],
  '{openid,profile,email}', false,
  coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo',
  coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo/sign-in'
)
ON CONFLICT (id) DO UPDATE SET
  name = excluded.name, type = excluded.type, redirect_uris = excluded.redirect_uris,
  post_logout_redirect_uris = excluded.post_logout_redirect_uris,
  scopes = excluded.scopes, require_pkce = excluded.require_pkce, client_uri = excluded.client_uri,
  initiate_login_uri = excluded.initiate_login_uri;

-- Its secret: demo-web-secret-not-for-production-0001   (npx listo client secret makes a real one)
INSERT INTO client_secrets (client_id, digest)
VALUES ('client_demo_web', 'sha256:e438f2eacaed358d9fda0c596c1a1d10c8d690c202ac1392832904d606c72bc0')
ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;

-- A single-page application: public, so PKCE is required; asks for consent. The demo's own callback is at the issuer.
INSERT INTO clients (
  id, instance_id, name, type, redirect_uris, scopes, require_consent, client_uri, initiate_login_uri
)
VALUES (
  'client_demo_spa', 'demo', 'Demo single-page application', 'public',
  ARRAY[
    'http://127.0.0.1:9999/spa/callback',
    coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo/consent/callback'
  ],
  '{openid,profile,email}', true,
  coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo/consent',
  coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo/consent/sign-in'
)
ON CONFLICT (id) DO UPDATE SET
  name = excluded.name, type = excluded.type, redirect_uris = excluded.redirect_uris, scopes = excluded.scopes,
  require_consent = excluded.require_consent, client_uri = excluded.client_uri,
  initiate_login_uri = excluded.initiate_login_uri;

-- A device without a browser: public, with a code in place of a redirect URI.
INSERT INTO clients (id, instance_id, name, type, application_type, grant_types, scopes, client_uri)
VALUES (
  'client_demo_device', 'demo', 'Demo television', 'public', 'native',
  '{urn:ietf:params:oauth:grant-type:device_code,refresh_token}', '{openid,profile,email}',
  coalesce(current_setting('listo.issuer', true), 'http://localhost:3000') || '/demo/device'
)
ON CONFLICT (id) DO UPDATE SET
  name = excluded.name, type = excluded.type, application_type = excluded.application_type,
  grant_types = excluded.grant_types, scopes = excluded.scopes, client_uri = excluded.client_uri;

-- LiSTNR, server to server. Its secret: demo-listnr-secret-not-for-production-01
INSERT INTO listnr_clients (id, pattern, scopes, environments)
VALUES ('demo-service', 'client_credentials', '{read:profile,write:preferences}', '{dev,production}')
ON CONFLICT (id) DO UPDATE SET pattern = excluded.pattern, scopes = excluded.scopes, environments = excluded.environments;

INSERT INTO listnr_client_secrets (client_id, digest)
VALUES ('demo-service', 'sha256:16708ac95e5322fd4cf14d898b48051f198481a16cb66dcb68d64dad92cec418')
ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;

-- LiSTNR, for signed-in users: takes the ID tokens of the two applications above that have a browser.
INSERT INTO listnr_clients (id, pattern, scopes, claims, environments, origins)
VALUES (
  'demo-app', 'authenticated_user', '{read:profile}', '{email,display_name,first_name}', '{dev,production}', '{http://127.0.0.1:9999}'
)
ON CONFLICT (id) DO UPDATE SET
  pattern = excluded.pattern, scopes = excluded.scopes, claims = excluded.claims,
  environments = excluded.environments, origins = excluded.origins;

INSERT INTO listnr_accepted_issuers (client_id, issuer, audiences)
VALUES ('demo-app', 'self', '{client_demo_web,client_demo_spa}')
ON CONFLICT (client_id, issuer) DO UPDATE SET audiences = excluded.audiences;
