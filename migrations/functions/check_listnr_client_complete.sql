CREATE OR REPLACE FUNCTION check_listnr_client_complete(subject text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'LiSTNR client "' || subject || '"';
  kind text;
  issuers integer;
BEGIN
  -- The lock makes two transactions that each remove a part check one after the other.
  SELECT pattern INTO kind FROM listnr_clients WHERE id = subject FOR NO KEY UPDATE;
  IF kind IS NULL THEN RETURN; END IF;
  SELECT count(*) INTO issuers FROM listnr_accepted_issuers WHERE client_id = subject;
  IF kind = 'client_credentials' THEN
    IF NOT EXISTS (SELECT FROM listnr_client_secrets WHERE client_id = subject) THEN
      PERFORM refuse_registration('listnr_secret_present', owner || ' uses client credentials and has no secret',
        'Insert a row of listnr_client_secrets in the same transaction: npx listo client secret makes one.');
    END IF;
    IF issuers > 0 THEN
      PERFORM refuse_registration('listnr_issuers_pattern', owner || ' uses client credentials and accepts ID tokens', 'Delete its rows of listnr_accepted_issuers.');
    END IF;
  ELSIF issuers = 0 THEN
    PERFORM refuse_registration('listnr_issuer_present', owner || ' acts for signed-in users and accepts no issuer',
      'Insert a row of listnr_accepted_issuers in the same transaction, with the client ids whose ID tokens it may bring.');
  ELSIF issuers > 1 AND (EXISTS (SELECT FROM listnr_accepted_issuers WHERE client_id = subject AND subject_prefix IS NULL)
        OR EXISTS (SELECT FROM listnr_accepted_issuers a JOIN listnr_accepted_issuers b USING (client_id)
                   WHERE a.client_id = subject AND a.issuer <> b.issuer AND starts_with(b.subject_prefix, a.subject_prefix))) THEN
    PERFORM refuse_registration('listnr_subject_prefix_distinct', owner || ' accepts several issuers whose subjects could meet',
      'Give each of its rows of listnr_accepted_issuers a subject_prefix, none of which begins with another.');
  END IF;
END $$;
