CREATE OR REPLACE FUNCTION clients_validate_security_profile() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := format('client "%s" has the profile %s', NEW.id, NEW.security_profile);
  uri text;
BEGIN
  IF NEW.security_profile NOT IN ('fapi2', 'fapi2_message_signing') THEN
    RETURN NEW;
  END IF;
  IF NEW.type = 'public' THEN
    PERFORM refuse_registration('profile_confidential', owner || ' and is public', 'Set type to confidential, with the public keys of its backend in jwks: in this profile every client proves who it is.');
  END IF;
  IF NEW.jwks IS NULL AND NEW.jwks_uri IS NULL AND NEW.token_endpoint_auth_method IS NULL THEN
    PERFORM refuse_registration('profile_keys', owner || ' and no keys', 'Write its public keys into jwks, their address into jwks_uri, or a token_endpoint_auth_method, and no row of client_secrets: in this profile a client authenticates with private_key_jwt or by a certificate.');
  END IF;
  IF NEW.security_profile = 'fapi2_message_signing' AND NEW.jwks IS NULL AND NEW.jwks_uri IS NULL THEN
    PERFORM refuse_registration('profile_keys', owner || ' and no keys to sign its requests with', 'Write its public keys into jwks, or their address into jwks_uri, also if it authenticates by a certificate.');
  END IF;
  IF EXISTS (SELECT FROM jsonb_array_elements(NEW.jwks -> 'keys') key WHERE key ->> 'alg' NOT IN ('PS256', 'ES256', 'EdDSA', 'Ed25519')) THEN
    PERFORM refuse_registration('profile_key_algorithm', owner || ' and a key for another algorithm', 'The alg of a key may be PS256, ES256 or EdDSA. Leave it out if the client signs with one of these already.');
  END IF;
  IF NOT NEW.require_pkce THEN
    PERFORM refuse_registration('profile_pkce', owner || ' and does not require PKCE', 'Set require_pkce to true, or leave it out.');
  END IF;
  IF NEW.authorization_code_ttl_seconds > 60 THEN
    PERFORM refuse_registration('profile_code_lifetime', format('%s and codes of %s seconds', owner, NEW.authorization_code_ttl_seconds),
      'Set authorization_code_ttl_seconds to 60 at most, or leave it NULL for 60.');
  END IF;
  IF NOT NEW.grant_types <@ ARRAY['authorization_code', 'refresh_token'] THEN
    PERFORM refuse_registration('profile_grant_types', owner || ' and a grant that it does not know', 'Write authorization_code and refresh_token alone: a device''s code is tied to no browser.');
  END IF;
  FOREACH uri IN ARRAY NEW.redirect_uris LOOP
    IF uri !~* '^https://' THEN
      PERFORM refuse_registration('profile_redirect_uri', format('%s and the redirect URI "%s"', owner, uri), 'Write https addresses alone, also for development: https://localhost:8443/callback.');
    END IF;
  END LOOP;
  IF NEW.introspection_signed_response_alg = 'RS256' THEN
    PERFORM refuse_registration('profile_signatures', owner || ' and asks for introspection in RS256', 'Leave introspection_signed_response_alg NULL, for the algorithm of its ID tokens.');
  END IF;
  IF NEW.authorization_signed_response_alg = 'RS256' THEN
    PERFORM refuse_registration('profile_signatures', owner || ' and asks for answers in RS256', 'Leave authorization_signed_response_alg NULL, for the algorithm of its ID tokens.');
  END IF;
  IF NEW.security_profile = 'fapi2_message_signing' AND NOT NEW.response_modes <@ ARRAY['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'] THEN
    PERFORM refuse_registration('profile_response_modes', owner || ' and a response mode that is not signed', 'List jwt, query.jwt, fragment.jwt and form_post.jwt alone, or leave response_modes NULL for all of these.');
  END IF;
  IF NEW.id_token_signed_response_alg = 'RS256' THEN
    IF TG_OP = 'UPDATE' AND OLD.security_profile IN ('fapi2', 'fapi2_message_signing') THEN
      PERFORM refuse_registration('profile_signatures', owner || ' and asks for RS256', 'Set id_token_signed_response_alg to ES256, PS256 or EdDSA.');
    END IF;
    -- It is the default of the column, so nobody has asked for it.
    NEW.id_token_signed_response_alg := 'ES256';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate_security_profile BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION clients_validate_security_profile();
