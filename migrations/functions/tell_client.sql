CREATE OR REPLACE FUNCTION tell_client(person text, client text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO deliveries (kind, client_id, payload)
  SELECT 'backchannel_logout', c.id, jsonb_strip_nulls(jsonb_build_object('sub', p.id, 'sid', s.uid))
  FROM clients c
  CROSS JOIN people p
  LEFT JOIN sessions s ON c.backchannel_logout_session_required AND s.person_id = p.id AND s.expires_at > now()
    AND s.payload->'authorizations'->c.id->'persistsLogout' = 'true'
  WHERE c.id = client AND p.id = person AND c.backchannel_logout_uri IS NOT NULL
    AND (s.uid IS NOT NULL OR NOT c.backchannel_logout_session_required)
$$;
COMMENT ON FUNCTION tell_client IS 'Queues the news for one application that a person took back what they allowed it. A person who is deleted ends by their sessions, and an application that is deleted hears nothing.';
