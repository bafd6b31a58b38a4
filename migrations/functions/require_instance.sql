CREATE OR REPLACE FUNCTION require_instance(owner text, wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM instances WHERE id = wanted) THEN
    RAISE EXCEPTION '% belongs to the instance "%", which does not exist', owner, wanted
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'instance_exists',
            HINT = 'Insert the instance first, or correct instance_id. SELECT id FROM instances lists them.';
  END IF;
END $$;
