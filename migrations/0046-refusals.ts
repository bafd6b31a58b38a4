import type { Knex } from 'knex';

/** Why requests were refused, for a week. Nothing refers to these rows, and they refer to nothing. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
CREATE TABLE refusals (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT refusals_pkey PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  request_id text NOT NULL,
  service text NOT NULL,
  endpoint text NOT NULL,
  status integer NOT NULL,
  client_id text,
  client_is text,
  instance_id text,
  lane text NOT NULL,
  error text NOT NULL,
  reason text,
  came jsonb NOT NULL DEFAULT '{}',
  expected jsonb NOT NULL DEFAULT '{}',
  expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days'
);
CREATE INDEX refusals_request ON refusals (request_id, id);
CREATE INDEX refusals_lane ON refusals (lane, id);
CREATE INDEX refusals_expiry ON refusals (expires_at);
COMMENT ON TABLE refusals IS 'Why requests of the last week were refused. Not all of them: each lane, and the table, have a bound. Without secrets, codes, tokens, people and network addresses.';
COMMENT ON COLUMN refusals.id IS 'Its number, in about the order of their writing.';
COMMENT ON COLUMN refusals.at IS 'When it was answered, by the clock of the database.';
COMMENT ON COLUMN refusals.request_id IS 'The id of the request, as its log line and X-Request-Id have it. Senders may choose it, so several rows can have one.';
COMMENT ON COLUMN refusals.service IS 'The service, and so the registrations, that client_id is one of: listo (Sign in with Listo) or listnr (LiSTNR).';
COMMENT ON COLUMN refusals.endpoint IS 'The endpoint, as the metrics name it: /auth/token.';
COMMENT ON COLUMN refusals.status IS 'The HTTP status of the answer. 303: the browser took the error to the application.';
COMMENT ON COLUMN refusals.client_id IS 'The client that the request named. NULL: it named none.';
COMMENT ON COLUMN refusals.client_is IS 'authenticated: the client proved that it sent the request. registered: there is such a client. claimed: the request only says so. NULL: it named none.';
COMMENT ON COLUMN refusals.instance_id IS 'The instance of the client, or in which it happened. NULL: not known.';
COMMENT ON COLUMN refusals.lane IS 'Rows that are bounded together: those that one client proved, the others in its name, and those of no registered client.';
COMMENT ON COLUMN refusals.error IS 'The error of the answer: invalid_grant.';
COMMENT ON COLUMN refusals.reason IS 'The reason by name: code.expired. The command npx listo explain has its sentence and its remedy. NULL: only the error is known.';
COMMENT ON COLUMN refusals.came IS 'Values of the request, by parameter, that are about the reason. Cleaned.';
COMMENT ON COLUMN refusals.expected IS 'The values that the server expected, by parameter or column.';
COMMENT ON COLUMN refusals.expires_at IS 'The row is deleted after this time.';
`.replaceAll('?', '\\?'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
