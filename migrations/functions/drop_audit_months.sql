CREATE OR REPLACE FUNCTION drop_audit_months(keep integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  oldest text := to_char((date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => keep)), 'YYYY_MM');
  month text;
  dropped integer := 0;
BEGIN
  FOR month IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'audit_events'::regclass AND c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$' AND c.relname < 'audit_events_' || oldest
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE %I', month);
    dropped := dropped + 1;
  END LOOP;
  DELETE FROM audit_events_other WHERE at < to_date(oldest, 'YYYY_MM')::timestamp AT TIME ZONE 'UTC';
  RETURN dropped;
END $$;
COMMENT ON FUNCTION drop_audit_months IS 'Drops the months of the audit trail that are older than so many whole months before this one.';
