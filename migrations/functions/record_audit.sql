CREATE OR REPLACE FUNCTION record_audit(event text, person text, client text, instance text, detail jsonb DEFAULT '{}'::jsonb, origin jsonb DEFAULT NULL::jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_events (event, person_id, client_id, instance_id, detail, way, address, request_id)
  SELECT event, person, client,
    coalesce(instance, (SELECT instance_id FROM people WHERE id = person), (SELECT instance_id FROM clients WHERE id = client)),
    coalesce(detail, '{}') || coalesce(o.origin->'detail', '{}'),
    coalesce(o.origin->>'way', nullif(current_setting('listo.way', true), ''), 'role ' || session_user),
    o.origin->>'address', o.origin->>'requestId'
  FROM (SELECT coalesce(origin, nullif(current_setting('listo.origin', true), '')::jsonb) AS origin) AS o;
END $$;
COMMENT ON FUNCTION record_audit IS 'Writes an event into the audit trail, in the transaction that calls it. origin has way, address and requestId, and detail to add; without it those of listo.origin and listo.way count, which SET LOCAL or set_config set for a transaction.';
