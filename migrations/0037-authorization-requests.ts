import type { Knex } from 'knex';

/** A client's authorization requests, and the ways of their answers. The defaults are as before, so no row is rewritten. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE clients
  ADD COLUMN require_pushed_authorization_requests boolean NOT NULL DEFAULT false,
  ADD COLUMN require_signed_request_object boolean NOT NULL DEFAULT false,
  ADD COLUMN response_modes text[]
    CONSTRAINT client_response_modes_known CHECK (
      cardinality(response_modes) > 0 AND array_position(response_modes, NULL) IS NULL
      AND response_modes <@ ARRAY['query', 'fragment', 'form_post', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt']
    ),
  ADD COLUMN authorization_signed_response_alg text
    CONSTRAINT authorization_signed_response_alg_known CHECK (authorization_signed_response_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA'));
COMMENT ON COLUMN clients.require_pushed_authorization_requests IS 'Whether only a pushed authorization request begins a sign-in (RFC 9126).';
COMMENT ON COLUMN clients.require_signed_request_object IS 'Whether only a request object that one of its keys signed begins a sign-in (RFC 9101).';
COMMENT ON COLUMN clients.response_modes IS 'How an answer may reach its redirect URIs (response_mode); the first is for a request that names none. NULL: every way, and query for a request that names none.';
COMMENT ON COLUMN clients.authorization_signed_response_alg IS 'How an answer is signed that is a JWT (JARM): RS256, PS256, ES256 or EdDSA. NULL: as its ID tokens.';
COMMENT ON CONSTRAINT client_response_modes_known ON clients IS 'List at least one of query, fragment, form_post, jwt, query.jwt, fragment.jwt and form_post.jwt, or leave it out.';
COMMENT ON CONSTRAINT authorization_signed_response_alg_known ON clients IS 'Write RS256, PS256, ES256 or EdDSA, or leave it out: then it is as for its ID tokens.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
