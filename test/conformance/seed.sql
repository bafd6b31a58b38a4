-- The plans of the conformance suite need an instance, a person, two clients for each plan, and an API.
-- `npm run conformance:server` applies it with these settings, which it makes anew each time:
--   listo.suite, listo.alias   where the suite answers, and the beginning of each plan's alias
--   listo.clients              for each client, as JSON: its plan, profile, public keys or the digest of its secret,
--                              and whether its tokens are bound to its certificate
--   listo.api_digest           the digest of the secret of the API, which takes access tokens
--   listo.email, listo.password_hash   the person

INSERT INTO instances (id, name) VALUES ('conformance', 'Conformance');

-- Every claim of the standard scopes has a value.
INSERT INTO people (id, instance_id, email, email_verified, name, first_name, last_name, password_hash)
VALUES ('person-1', 'conformance', current_setting('listo.email'), true, 'Ada Lovelace', 'Ada', 'Lovelace',
  current_setting('listo.password_hash'));

-- Two clients for each plan. The second one of FAPI is called at an address with parameters.
INSERT INTO clients (
  id, instance_id, name, type, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, initiate_login_uri,
  scopes, require_pkce, jwks, security_profile, id_token_signed_response_alg,
  tls_client_certificate_bound_access_tokens
)
SELECT
  client.id, 'conformance', initcap(replace(client.id, '-', ' ')), 'confidential',
  ARRAY[suite.address || '/callback', suite.address || '/callback?dummy1=lorem&dummy2=ipsum'],
  ARRAY[suite.address || '/post_logout_redirect'],
  CASE WHEN client.plan = 'back-channel' THEN suite.address || '/backchannel_logout' END,
  CASE WHEN client.plan = 'third-party' THEN suite.address || '/initiate_login' END,
  ARRAY['openid', 'profile', 'email'], client.profile <> 'standard', client.jwks, client.profile,
  CASE WHEN client.profile = 'standard' THEN 'RS256' ELSE 'PS256' END, client.certificates
FROM jsonb_to_recordset(current_setting('listo.clients')::jsonb)
  AS client (id text, plan text, profile text, certificates boolean, jwks jsonb, digest text)
CROSS JOIN LATERAL (
  SELECT concat(current_setting('listo.suite'), '/test/a/', current_setting('listo.alias'), '-', client.plan) AS address
) AS suite;

INSERT INTO client_secrets (client_id, digest)
SELECT id, digest FROM jsonb_to_recordset(current_setting('listo.clients')::jsonb) AS client (id text, digest text)
WHERE digest IS NOT NULL;

-- The API at /resource, which plain OAuth calls instead of userinfo.
INSERT INTO clients (id, instance_id, name, type, redirect_uris, scopes, may_introspect)
VALUES ('api', 'conformance', 'API', 'confidential', ARRAY['https://localhost/none'], ARRAY['openid'], true);
INSERT INTO client_secrets (client_id, digest) VALUES ('api', current_setting('listo.api_digest'));
