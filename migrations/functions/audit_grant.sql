CREATE OR REPLACE FUNCTION audit_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE origin jsonb := nullif(current_setting('listo.origin', true), '');
BEGIN
  PERFORM record_audit(coalesce(origin->>'event', 'grant.ended'), OLD.person_id, OLD.client_id, NULL, jsonb_build_object('grant', OLD.id));
  RETURN NULL;
END $$;
COMMENT ON FUNCTION audit_grant IS 'Writes who ended a grant by itself. A session, consent, person or client that ends has an event of its own for all of its grants.';
CREATE TRIGGER audit_grant AFTER DELETE ON grants FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND current_setting('listo.way'::text, true) IS DISTINCT FROM 'job housekeeping'::text) EXECUTE FUNCTION audit_grant();
