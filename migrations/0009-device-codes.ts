import type { Knex } from 'knex';

/** Signing in on a device without a browser (RFC 8628): a grant type of clients, and codes that are polled. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE clients ALTER COLUMN redirect_uris SET DEFAULT '{}';
COMMENT ON COLUMN clients.grant_types IS 'authorization_code: people may sign in. urn:ietf:params:oauth:grant-type:device_code: they may sign in on a device without a browser (RFC 8628). refresh_token: they stay signed in; alone, nobody new can begin.';

CREATE OR REPLACE FUNCTION clients_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'client "' || NEW.id || '"';
  home text;
  uri text;
BEGIN
  PERFORM require_instance(owner, NEW.instance_id);
  SELECT instance_id INTO home FROM clients WHERE id = NEW.id AND instance_id <> NEW.instance_id;
  IF FOUND THEN
    PERFORM refuse_registration('client_instance_fixed', format('%s belongs to the instance "%s" and cannot move to "%s"', owner, home, NEW.instance_id),
      'Register a new client there, with an id of its own: sessions, consents and tokens are tied to the instance.');
  END IF;
  IF 'authorization_code' = ANY (NEW.grant_types) AND cardinality(NEW.redirect_uris) = 0 THEN
    PERFORM refuse_registration('redirect_uri_present', owner || ' has no redirect URI', 'List at least one: ARRAY[''https://app.example/callback''].');
  END IF;
  PERFORM check_list(owner, 'redirect_uris', NEW.redirect_uris);
  PERFORM check_list(owner, 'post_logout_redirect_uris', NEW.post_logout_redirect_uris);
  FOREACH uri IN ARRAY coalesce(NEW.redirect_uris, '{}') || NEW.post_logout_redirect_uris LOOP
    PERFORM check_redirect_uri(owner, uri, NEW.application_type);
  END LOOP;
  PERFORM check_words(owner, 'scope', NEW.scopes, ARRAY['openid', 'profile', 'email']);
  PERFORM check_words(owner, 'grant_type', NEW.grant_types,
    ARRAY['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']);
  IF NEW.type = 'public' AND NOT NEW.require_pkce THEN
    PERFORM refuse_registration('public_client_pkce', owner || ' is public and does not require PKCE', 'Set require_pkce to true, or leave it out.');
  END IF;
  IF NEW.type = 'public' AND EXISTS (SELECT FROM client_secrets WHERE client_id = NEW.id) THEN
    PERFORM refuse_registration('public_client_secret', owner || ' is public and has a secret', 'Delete its rows of client_secrets first, or make it confidential.');
  END IF;
  PERFORM check_lifetime(owner, 'authorization_code_ttl_seconds', NEW.authorization_code_ttl_seconds, 10, 600);
  PERFORM check_lifetime(owner, 'access_token_ttl_seconds', NEW.access_token_ttl_seconds, 60, 86400);
  PERFORM check_lifetime(owner, 'id_token_ttl_seconds', NEW.id_token_ttl_seconds, 60, 86400);
  PERFORM check_lifetime(owner, 'refresh_token_ttl_seconds', NEW.refresh_token_ttl_seconds, 300, 31536000);
  RETURN NEW;
END $$;

ALTER TABLE artifacts ADD COLUMN user_code_mac bytea, ADD COLUMN polled_at timestamptz;
CREATE UNIQUE INDEX artifacts_user_code ON artifacts (user_code_mac) WHERE user_code_mac IS NOT NULL;
COMMENT ON TABLE artifacts IS 'Interactions, codes and pushed requests, found by the SHA-256 of what the browser, client or device holds.';
COMMENT ON COLUMN artifacts.user_code_mac IS 'Of a device code: an HMAC of the code that the person types, under a key of the server, because it is short enough to be guessed from a hash.';
COMMENT ON COLUMN artifacts.polled_at IS 'Of a device code: when the device last asked, and not too soon.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
