CREATE OR REPLACE FUNCTION make_audit_months(ahead integer DEFAULT 2) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first timestamptz;
  after timestamptz;
  month text;
BEGIN
  FOR n IN 0..ahead LOOP
    first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n)) AT TIME ZONE 'UTC';
    after := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n + 1)) AT TIME ZONE 'UTC';
    month := 'audit_events_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
    CONTINUE WHEN to_regclass(month) IS NOT NULL;
    LOCK TABLE audit_events_other IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)', month);
    EXECUTE format('WITH moved AS (DELETE FROM audit_events_other WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved', first, after, month);
    EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', month, first, after);
    EXECUTE format('COMMENT ON TABLE %I IS %L', month, 'The audit events of ' || to_char(first AT TIME ZONE 'UTC', 'YYYY-MM') || ' (UTC).');
  END LOOP;
END $$;
COMMENT ON FUNCTION make_audit_months IS 'Makes the partitions of the audit trail for this month and the next ones. Events that came before their partition move into it.';
