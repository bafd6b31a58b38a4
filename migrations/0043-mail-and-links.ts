import type { Knex } from 'knex';

/** Mail in the outbox, and the links and codes that people get by it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
COMMENT ON COLUMN deliveries.kind IS 'The kind of message: backchannel_logout, mail.';
COMMENT ON COLUMN deliveries.payload IS 'Its subject. For backchannel_logout: sub, and the sid of the session that ended. No token: it is signed when it is sent. For mail: the name of its template, and sealed: to whom it goes and what it says.';

CREATE TABLE one_time_links (
  about bytea NOT NULL,
  kind text NOT NULL CONSTRAINT one_time_link_kind_known CHECK (kind IN ('reset', 'invitation', 'address_new', 'address_old')),
  id_hash bytea NOT NULL CONSTRAINT one_time_links_id_hash_key UNIQUE,
  code_mac bytea,
  sealed text NOT NULL,
  mails integer NOT NULL DEFAULT 1,
  mailed_at timestamptz NOT NULL DEFAULT now(),
  wrong_codes integer NOT NULL DEFAULT 0,
  confirmed_at timestamptz,
  expires_at timestamptz NOT NULL,
  kept_until timestamptz NOT NULL,
  CONSTRAINT one_time_links_pkey PRIMARY KEY (about, kind)
);
CREATE INDEX one_time_links_expiry ON one_time_links (kept_until);
COMMENT ON TABLE one_time_links IS 'The links and codes that people get by mail. A link is used by deleting its row, so exactly one use wins. A row for an address that nobody has looks like any other.';
COMMENT ON COLUMN one_time_links.about IS 'The subject: a keyed hash of the account, whether it exists or not, or of the person. A newer mail replaces the link of an older one.';
COMMENT ON COLUMN one_time_links.kind IS 'Its purpose: reset (a new password), invitation (the first password), address_new and address_old (the two confirmations of a new address).';
COMMENT ON COLUMN one_time_links.id_hash IS 'SHA-256 of the 256 random bits in the link.';
COMMENT ON COLUMN one_time_links.code_mac IS 'A keyed hash of the code that can be typed instead. NULL: there is none.';
COMMENT ON COLUMN one_time_links.sealed IS 'The person: the id, the address and a digest of the password at that time, sealed. If one of them changed, the link does not work.';
COMMENT ON COLUMN one_time_links.mails IS 'How many mails were sent. Each makes the pause before the next one longer.';
COMMENT ON COLUMN one_time_links.mailed_at IS 'When the last mail was queued.';
COMMENT ON COLUMN one_time_links.wrong_codes IS 'How many wrong codes were typed, in all browsers, since the last mail.';
COMMENT ON COLUMN one_time_links.confirmed_at IS 'For a new address: when this side confirmed it. NULL: not yet.';
COMMENT ON COLUMN one_time_links.expires_at IS 'The link and the code do not work after this time.';
COMMENT ON COLUMN one_time_links.kept_until IS 'The row is deleted after this time: it counts mails for a day, and an invitation can be sent again for seven.';

CREATE TABLE link_requests (
  browser_hash bytea CONSTRAINT link_requests_pkey PRIMARY KEY,
  about bytea NOT NULL,
  sealed text NOT NULL,
  wrong_codes integer NOT NULL DEFAULT 0,
  proven bytea,
  expires_at timestamptz NOT NULL
);
CREATE INDEX link_requests_about ON link_requests (about);
CREATE INDEX link_requests_expiry ON link_requests (expires_at);
COMMENT ON TABLE link_requests IS 'The browsers that asked for a link. A link works only in them, and only they can type its code.';
COMMENT ON COLUMN link_requests.browser_hash IS 'SHA-256 of the browser''s cookie.';
COMMENT ON COLUMN link_requests.about IS 'The subject of its request, as in one_time_links.';
COMMENT ON COLUMN link_requests.sealed IS 'The address that was typed and the way back to the application, sealed.';
COMMENT ON COLUMN link_requests.wrong_codes IS 'How many wrong codes this browser typed.';
COMMENT ON COLUMN link_requests.proven IS 'The id_hash of the link whose code was typed here. NULL: none yet.';
COMMENT ON COLUMN link_requests.expires_at IS 'The row is deleted after this time.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
