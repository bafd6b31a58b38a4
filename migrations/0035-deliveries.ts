import type { Knex } from 'knex';

const LOOPBACK = String.raw`http://(localhost|127\.0\.0\.1|\[::1\])`;
const ADDRESS = String.raw`^(https://[A-Za-z0-9.-]+|${LOOPBACK})(:[0-9]{1,5})?([/?][A-Za-z0-9._~:/?@!$&()*+,;=%\[\]-]*)?$`;

/**
 * The outbox, and the addresses at which applications hear that somebody was signed out. The functions that end a
 * session or a consent fill it. Applications from before have no address, so nothing is sent for them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE clients
  ADD COLUMN backchannel_logout_uri text
    CONSTRAINT client_backchannel_logout_address CHECK (backchannel_logout_uri ~ '${ADDRESS}' AND length(backchannel_logout_uri) <= 2000),
  ADD COLUMN backchannel_logout_session_required boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN clients.backchannel_logout_uri IS 'The address at which the application''s server hears that a person was signed out (OpenID Connect Back-Channel Logout 1.0). NULL: it hears nothing.';
COMMENT ON COLUMN clients.backchannel_logout_session_required IS 'Whether it is told of one session at a time, by sid. Otherwise a consent that is taken back is told once, about all sessions of the person. The end of a session has its sid in every case.';
COMMENT ON CONSTRAINT client_backchannel_logout_address ON clients IS 'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without a fragment, spaces and quotation marks.';

CREATE TABLE deliveries (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT deliveries_pkey PRIMARY KEY,
  kind text NOT NULL,
  client_id text,
  lane text NOT NULL GENERATED ALWAYS AS (coalesce(client_id, kind)) STORED,
  payload jsonb NOT NULL,
  state text NOT NULL DEFAULT 'queued' CONSTRAINT delivery_state_known CHECK (state IN ('queued', 'delivered', 'given_up')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz DEFAULT now(),
  give_up_at timestamptz NOT NULL DEFAULT now() + interval '1 day',
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  attempted_at timestamptz,
  settled_at timestamptz,
  expires_at timestamptz NOT NULL DEFAULT now() + interval '30 days',
  CONSTRAINT delivery_queued_is_due CHECK ((state = 'queued') = (due_at IS NOT NULL))
);
CREATE INDEX deliveries_due ON deliveries (due_at) INCLUDE (kind) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_lane ON deliveries (lane, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_client ON deliveries (client_id, id);
CREATE INDEX deliveries_expiry ON deliveries (expires_at);
COMMENT ON TABLE deliveries IS 'The outbox: everything that is to be sent to others, or was. The transaction that causes it writes the row, and any process sends it, at least once.';
COMMENT ON COLUMN deliveries.id IS 'Its number, in the order of their writing.';
COMMENT ON COLUMN deliveries.kind IS 'The kind of message: backchannel_logout.';
COMMENT ON COLUMN deliveries.client_id IS 'The application to which it goes. NULL: to none.';
COMMENT ON COLUMN deliveries.lane IS 'Only a few deliveries of one lane are sent at a time, so that a receiver that never answers holds up no other.';
COMMENT ON COLUMN deliveries.payload IS 'Its subject. For backchannel_logout: sub, and the sid of the session that ended. No token: it is signed when it is sent.';
COMMENT ON COLUMN deliveries.state IS 'queued: it is sent when it is due. delivered: the receiver took it. given_up: it was not sent within the time.';
COMMENT ON COLUMN deliveries.attempts IS 'How often it was sent, since it was last asked for.';
COMMENT ON COLUMN deliveries.due_at IS 'When it is sent next. While a process sends it: when another one may, should that process not come back. NULL: never again.';
COMMENT ON COLUMN deliveries.give_up_at IS 'It is not sent again after this time.';
COMMENT ON COLUMN deliveries.last_error IS 'Why it failed last. NULL: it did not fail.';
COMMENT ON COLUMN deliveries.created_at IS 'When the transaction that caused it began.';
COMMENT ON COLUMN deliveries.attempted_at IS 'When it was last sent.';
COMMENT ON COLUMN deliveries.settled_at IS 'When it was delivered or given up.';
COMMENT ON COLUMN deliveries.expires_at IS 'The row is deleted after this time: a week after it was delivered, a month after it was given up.';
`.replaceAll('?', '\\?'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
