import type { Knex } from 'knex';
import { applyFunction } from './functions.ts';

/**
 * The audit trail, a partition for each month (UTC). The partition `audit_events_other` takes rows of a month that
 * nobody has made a partition for, so that no insert ever fails. There are no references: the trail outlives what it
 * tells of.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
CREATE SEQUENCE audit_events_id_seq AS bigint;
CREATE TABLE audit_events (
  id bigint NOT NULL DEFAULT nextval('audit_events_id_seq'),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL,
  person_id text,
  client_id text,
  instance_id text,
  way text NOT NULL,
  address text,
  request_id text,
  detail jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT audit_events_pkey PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
ALTER SEQUENCE audit_events_id_seq OWNED BY audit_events.id;
CREATE INDEX audit_events_person ON audit_events (person_id, at, id) WHERE person_id IS NOT NULL;
CREATE INDEX audit_events_client ON audit_events (client_id, at, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_events_instance ON audit_events (instance_id, at, id) WHERE instance_id IS NOT NULL;
CREATE INDEX audit_events_event ON audit_events (event, at, id);
CREATE INDEX audit_events_request ON audit_events (request_id) WHERE request_id IS NOT NULL;
CREATE TABLE audit_events_other PARTITION OF audit_events DEFAULT;
COMMENT ON TABLE audit_events IS 'The audit trail: a row for each change and decision, written in the transaction that makes it. Without secrets, codes, tokens, names and e-mail addresses. A partition for each month; AUDIT_KEEP_MONTHS says how many stay.';
COMMENT ON TABLE audit_events_other IS 'Events of a month that has no partition yet.';
COMMENT ON COLUMN audit_events.id IS 'Its number, in about the order of their writing.';
COMMENT ON COLUMN audit_events.at IS 'When it happened, by the clock of the database.';
COMMENT ON COLUMN audit_events.event IS 'The event, such as sign_in.succeeded. The command npx listo audit events explains all.';
COMMENT ON COLUMN audit_events.person_id IS 'The person whom it concerns; who acted, where a person did. NULL: nobody, or nobody known.';
COMMENT ON COLUMN audit_events.client_id IS 'The application or LiSTNR client that it concerns, or through which it was done.';
COMMENT ON COLUMN audit_events.instance_id IS 'The instance in which it happened.';
COMMENT ON COLUMN audit_events.way IS 'How it came: request (over HTTP), seed FILE, command NAME, job NAME, or role NAME for SQL of a database role. SET LOCAL listo.way says something else for a transaction.';
COMMENT ON COLUMN audit_events.address IS 'The network address of the request, as the access log has it. NULL: there was no request.';
COMMENT ON COLUMN audit_events.request_id IS 'The id of the request, as its log line and X-Request-Id have it. NULL: there was no request.';
COMMENT ON COLUMN audit_events.detail IS 'More about it. For a registration: old and new have the columns that changed, and named the names of those whose values are not kept.';
`.replaceAll('?', '\\?'),
  );
  await applyFunction(knex, 'make_audit_months');
  await knex.raw('SELECT make_audit_months()');
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
