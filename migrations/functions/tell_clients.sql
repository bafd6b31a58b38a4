CREATE OR REPLACE FUNCTION tell_clients(person text, session text, payload jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO deliveries (kind, client_id, payload)
  SELECT 'backchannel_logout', c.id, jsonb_build_object('sub', person, 'sid', session)
  FROM jsonb_each(CASE WHEN jsonb_typeof(payload->'authorizations') = 'object' THEN payload->'authorizations' ELSE '{}' END) AS signed_in (id, facts)
  JOIN people p ON p.id = person
  JOIN clients c ON c.id = signed_in.id AND c.instance_id = p.instance_id
  WHERE signed_in.facts->'persistsLogout' = 'true' AND c.backchannel_logout_uri IS NOT NULL
$$;
COMMENT ON FUNCTION tell_clients IS 'Queues the news that a session ended for the applications that the person signed in to in it: the library marks those that got a code with persistsLogout, and not those that only asked. An id that was registered again in another instance is not told.';
