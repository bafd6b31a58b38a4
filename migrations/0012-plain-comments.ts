import type { Knex } from 'knex';

/** Comments on tables and columns in plain English. Older migrations have the text of their time. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
COMMENT ON TABLE consents IS 'The scopes that a person allowed a client that asks for consent. The consent page writes it.';
COMMENT ON TABLE denied_subjects IS 'People who were disabled or deleted within the lifetime of an ID token. LiSTNR keeps this list in memory and issues no tokens for them.';
COMMENT ON TABLE grants IS 'One row for each authorization. Deleting it ends all its tokens.';
COMMENT ON TABLE job_locks IS 'A row for each job that one replica does at a time. The replica that locks the row, for one statement, does the job.';
COMMENT ON TABLE listnr_accepted_issuers IS 'The issuers whose ID tokens an authenticated_user client may present.';
COMMENT ON TABLE people IS 'People who sign in. A person belongs to one instance; the same e-mail address in two instances belongs to two people.';
COMMENT ON TABLE refresh_families IS 'The refresh tokens of one sign-in. A token is family.sequence.mac, and the row has the current sequence.';
COMMENT ON TABLE revoked_access_tokens IS 'Access tokens that were revoked one by one, kept until they would have expired.';
COMMENT ON TABLE signing_keys IS 'The keys that sign tokens: one set for OpenID Connect, one for LiSTNR, so that a token of one never passes for one of the other.';
COMMENT ON TABLE upstream_identities IS 'The identity of a person at the upstream provider: issuer and subject, never an e-mail address.';
COMMENT ON TABLE upstream_sign_ins IS 'Sign-ins under way at an upstream provider, with the sealed nonce and PKCE verifier that check the answer. Each row is taken once.';
COMMENT ON TABLE used_proofs IS 'Used client assertions (RFC 7523) and DPoP proofs (RFC 9449), kept until they would have expired: the SHA-256 of issuer and jti.';
COMMENT ON TABLE versions IS 'The versions of the data that processes keep in memory. A process checks them once a second, and reads changed data again.';
COMMENT ON COLUMN artifacts.person_id IS 'For an unfinished interaction: the person who has just signed in.';
COMMENT ON COLUMN artifacts.polled_at IS 'For a device code: when the device last asked, unless it asked too soon.';
COMMENT ON COLUMN artifacts.user_code_mac IS 'For a device code: an HMAC, under a key of the server, of the code that the person types. So short a code could be guessed from a plain hash.';
COMMENT ON COLUMN clients.disabled_at IS 'The client is refused everywhere since this time. NULL: enabled.';
COMMENT ON COLUMN clients.grant_types IS 'authorization_code: people may sign in. urn:ietf:params:oauth:grant-type:device_code: they may sign in on a device without a browser (RFC 8628). refresh_token: they stay signed in; with this one alone, nobody can sign in.';
COMMENT ON COLUMN clients.jwks IS 'The public keys of a confidential client that signs assertions instead of having a secret (private_key_jwt, RFC 7523). NULL: it has a secret.';
COMMENT ON COLUMN clients.may_introspect IS 'Whether it is an API that may introspect the access tokens of all clients of its instance (RFC 7662).';
COMMENT ON COLUMN clients.post_logout_redirect_uris IS 'The addresses to which a person may be sent after signing out.';
COMMENT ON COLUMN clients.redirect_uris IS 'The addresses to which a code may be sent; compared as whole strings. Their origins may call the token endpoint from a browser (CORS).';
COMMENT ON COLUMN clients.refresh_replay_window_seconds IS 'For this many seconds after a refresh, the previous token gets the same successor; 0 to 300. NULL: 120, for a public client 60.';
COMMENT ON COLUMN clients.refresh_token_absolute_ttl_seconds IS 'After this many seconds from signing in, no refresh works; 3600 to 63072000. NULL: 31536000 (a year).';
COMMENT ON COLUMN clients.require_consent IS 'Whether a person is asked, the first time, if this application may have the scopes that it asks for.';
COMMENT ON COLUMN clients.require_dpop IS 'Whether every token is bound to a key of the client (DPoP, RFC 9449). Without it, a client that sends a proof still gets a bound token.';
COMMENT ON COLUMN clients.require_pkce IS 'Whether an authorization request without a code_challenge is refused. Always true for a public client.';
COMMENT ON COLUMN clients.scopes IS 'The scopes that it may ask for: openid, profile, email.';
COMMENT ON COLUMN consents.client_id IS 'The application that may have them.';
COMMENT ON COLUMN consents.person_id IS 'The person who allowed them.';
COMMENT ON COLUMN consents.scopes IS 'The allowed scopes. If the application asks for more, the person is asked again.';
COMMENT ON COLUMN denied_subjects.expires_at IS 'By this time every ID token about the person has expired; a day later at the most.';
COMMENT ON COLUMN listnr_accepted_issuers.audiences IS 'The OIDC client ids (aud) to which an ID token may have been issued. At least one: otherwise every relying party could get tokens.';
COMMENT ON COLUMN listnr_accepted_issuers.client_id IS 'The LiSTNR client that presents the ID tokens.';
COMMENT ON COLUMN listnr_accepted_issuers.jwks_uri IS 'The address where an external issuer publishes its keys. NULL for self, required otherwise.';
COMMENT ON COLUMN listnr_accepted_issuers.subject_prefix IS 'Goes before the sub of this issuer''s people. Required when a client accepts more than one issuer, so that two people never get the same sub.';
COMMENT ON COLUMN listnr_clients.audience IS 'The aud of its tokens; by default the client id.';
COMMENT ON COLUMN listnr_clients.claims IS 'authenticated_user: the claims that its tokens carry, among email, display_name and first_name.';
COMMENT ON COLUMN listnr_clients.default_subject IS 'client_credentials: the sub if a request has no subject. NULL: such a request is refused.';
COMMENT ON COLUMN listnr_clients.disabled_at IS 'The client is refused since this time. NULL: enabled.';
COMMENT ON COLUMN listnr_clients.environments IS 'The environments in which it may ask for tokens: dev, production.';
COMMENT ON COLUMN listnr_clients.pattern IS 'authenticated_user: presents a user''s ID token as Bearer. client_credentials: presents client_id and secret as Basic.';
COMMENT ON COLUMN listnr_clients.scopes IS 'The scopes that it may ask for, such as read:profile.';
COMMENT ON COLUMN people.disabled_at IS 'Since this time the person may not sign in, and their tokens are refused. NULL: enabled.';
COMMENT ON COLUMN people.email IS 'For sign-in with a password, and the claim email. Compared without regard to case; unique among the people of an instance with a password.';
COMMENT ON COLUMN people.id IS 'The subject (sub) of every token about this person. Never changes, and never belongs to another person.';
COMMENT ON COLUMN refresh_families.expired_by IS 'The end of the day (UTC) in which it expires. Housekeeping searches this column, because an indexed value must not change with each use.';
COMMENT ON COLUMN refresh_families.rotated_at IS 'When sequence last grew. The replay window counts from here.';
COMMENT ON COLUMN refresh_families.sequence IS 'The sequence of the newest token. The token before it gets the same successor inside the replay window; an older one is reuse.';
COMMENT ON COLUMN sessions.expired_by IS 'The end of the day (UTC) in which it expires. Housekeeping searches this column, because an indexed value must not change with each use.';
COMMENT ON COLUMN sessions.person_id IS 'The person who is signed in. NULL: nobody is.';
COMMENT ON COLUMN signing_keys.promote_after IS 'next: when it may begin to sign; the caches of all verifiers have it by then.';
COMMENT ON COLUMN signing_keys.retired_at IS 'When it stopped signing. It stays published until the longest-lived token that it signed has expired.';
COMMENT ON COLUMN upstream_identities.person_id IS 'The person here.';
COMMENT ON COLUMN upstream_identities.subject IS 'The sub of the person at that provider.';
COMMENT ON COLUMN upstream_providers.claim_mapping IS 'The claim for each column of people, where it differs from the default: {"email": "mail", "first_name": "given"}.';
COMMENT ON COLUMN upstream_providers.client_id IS 'The client id that the provider gave this server. Register the redirect URI <ISSUER>/auth/upstream/callback/<instance id> there.';
COMMENT ON COLUMN upstream_providers.client_secret_sealed IS 'The client secret from the provider, sealed: npm run cli -- seal upstream:<instance id>. NULL: a public client with PKCE.';
COMMENT ON COLUMN upstream_providers.first_sign_in IS 'create: a new person is added to the instance. refuse: only people in upstream_identities may sign in.';
COMMENT ON COLUMN upstream_providers.issuer IS 'The provider''s issuer identifier, exactly as in its discovery document. https, or http on loopback.';
COMMENT ON COLUMN user_records.person_id IS 'The person whose record it is.';
COMMENT ON COLUMN worker_ids.person_id IS 'The person whose record it is.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
