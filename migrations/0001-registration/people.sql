CREATE TABLE people (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text CONSTRAINT person_id_format CHECK (id ~ '^[!-~]{1,255}$'),
  instance_id text NOT NULL REFERENCES instances ON DELETE CASCADE,
  email text CONSTRAINT person_email_format CHECK (email ~ '^[^@\s]+@[^@\s]+$' AND length(email) <= 254),
  email_verified boolean NOT NULL DEFAULT false,
  name text CONSTRAINT person_name_length CHECK (length(name) BETWEEN 1 AND 200),
  first_name text CONSTRAINT person_first_name_length CHECK (length(first_name) BETWEEN 1 AND 100),
  last_name text CONSTRAINT person_last_name_length CHECK (length(last_name) BETWEEN 1 AND 100),
  worker_profile_id text CONSTRAINT person_worker_profile_id_length CHECK (length(worker_profile_id) BETWEEN 1 AND 255),
  password_hash text CONSTRAINT person_password_hash_argon2id CHECK (is_argon2id(password_hash)),
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT person_password_email CHECK (password_hash IS NULL OR email IS NOT NULL)
);
CREATE UNIQUE INDEX people_instance_email ON people (instance_id, lower(email)) WHERE password_hash IS NOT NULL;
COMMENT ON TABLE people IS 'Those who sign in. A person belongs to one instance; the same e-mail address in two instances is two people.';
COMMENT ON COLUMN people.id IS 'The subject (sub) of every token about this person. Never changes and is never given to somebody else.';
COMMENT ON COLUMN people.instance_id IS 'The instance this person signs in to. Never changes.';
COMMENT ON COLUMN people.email IS 'For sign-in with a password, and the claim email. Compared without regard to case; unique in an instance among those with a password.';
COMMENT ON COLUMN people.email_verified IS 'The claim email_verified: whether the address is known to be theirs.';
COMMENT ON COLUMN people.name IS 'The claim name: the full name as shown.';
COMMENT ON COLUMN people.first_name IS 'The claim firstName.';
COMMENT ON COLUMN people.last_name IS 'The claim lastName.';
COMMENT ON COLUMN people.worker_profile_id IS 'The claim workerProfileId. NULL for somebody who is not a worker: the claim is then absent.';
COMMENT ON COLUMN people.password_hash IS 'argon2id in PHC form: npm run cli -- password hash. NULL: signs in through the upstream provider, or not at all.';
COMMENT ON COLUMN people.disabled_at IS 'Since when this person may not sign in, and no token of theirs is accepted. NULL: enabled.';
COMMENT ON COLUMN people.created_at IS 'When the person was registered, or first signed in.';
COMMENT ON CONSTRAINT person_id_format ON people IS 'Use printable ASCII without spaces, up to 255 characters, or leave the id out: a UUID is then made.';
COMMENT ON CONSTRAINT person_email_format ON people IS 'Write one address with one @ and no spaces, up to 254 characters.';
COMMENT ON CONSTRAINT person_name_length ON people IS 'Write 1 to 200 characters, or NULL when the name is not known.';
COMMENT ON CONSTRAINT person_first_name_length ON people IS 'Write 1 to 100 characters, or NULL when the first name is not known.';
COMMENT ON CONSTRAINT person_last_name_length ON people IS 'Write 1 to 100 characters, or NULL when the last name is not known.';
COMMENT ON CONSTRAINT person_worker_profile_id_length ON people IS 'Write 1 to 255 characters, or NULL for somebody who is not a worker.';
COMMENT ON CONSTRAINT person_password_hash_argon2id ON people IS 'Make the hash with: npm run cli -- password hash. Never write the password itself.';
COMMENT ON CONSTRAINT person_password_email ON people IS 'Give the e-mail address too: it is what the person types beside the password.';
COMMENT ON INDEX people_instance_email IS 'Somebody of this instance already signs in with this address and a password. Update that person, or use another address.';

CREATE FUNCTION people_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE home text;
BEGIN
  PERFORM require_instance('person "' || coalesce(NEW.email, NEW.id) || '"', NEW.instance_id);
  SELECT instance_id INTO home FROM people WHERE id = NEW.id AND instance_id <> NEW.instance_id;
  IF FOUND THEN
    PERFORM refuse_registration('person_instance_fixed', format('person "%s" belongs to the instance "%s" and cannot move to "%s"', NEW.id, home, NEW.instance_id),
      'Register a new person there, with an id of its own: sessions and tokens are tied to the instance.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION people_validate();

CREATE TABLE worker_ids (
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  worker_id text NOT NULL CONSTRAINT worker_id_length CHECK (length(worker_id) BETWEEN 1 AND 255),
  PRIMARY KEY (person_id, worker_id)
);
COMMENT ON TABLE worker_ids IS 'The claim workerIds: the worker records of a person, in the order of their ids.';
COMMENT ON COLUMN worker_ids.person_id IS 'Whose record it is.';
COMMENT ON COLUMN worker_ids.worker_id IS 'One member of the claim.';
COMMENT ON CONSTRAINT worker_id_length ON worker_ids IS 'Write 1 to 255 characters.';

CREATE TABLE user_records (
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  id text NOT NULL CONSTRAINT user_record_id_length CHECK (length(id) BETWEEN 1 AND 255),
  client_id text NOT NULL CONSTRAINT user_record_client_id_length CHECK (length(client_id) BETWEEN 1 AND 255),
  PRIMARY KEY (person_id, id)
);
COMMENT ON TABLE user_records IS 'The claim userIds: the user records of a person with Listo''s customer companies.';
COMMENT ON COLUMN user_records.person_id IS 'Whose record it is.';
COMMENT ON COLUMN user_records.id IS 'The user record, the member id of the claim.';
COMMENT ON COLUMN user_records.client_id IS 'The customer company, the member clientId of the claim. It has nothing to do with an OAuth client.';
COMMENT ON CONSTRAINT user_record_id_length ON user_records IS 'Write 1 to 255 characters.';
COMMENT ON CONSTRAINT user_record_client_id_length ON user_records IS 'Write 1 to 255 characters.';

CREATE TABLE upstream_identities (
  instance_id text NOT NULL REFERENCES instances ON DELETE CASCADE,
  issuer text NOT NULL,
  subject text NOT NULL CONSTRAINT upstream_subject_length CHECK (length(subject) BETWEEN 1 AND 255),
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  PRIMARY KEY (instance_id, issuer, subject)
);
CREATE INDEX upstream_identities_person ON upstream_identities (person_id);
COMMENT ON TABLE upstream_identities IS 'Who a person is at the upstream provider: by issuer and subject, never by e-mail address.';
COMMENT ON COLUMN upstream_identities.instance_id IS 'The instance whose upstream provider knows the person.';
COMMENT ON COLUMN upstream_identities.issuer IS 'The issuer of that provider, exactly as in upstream_providers.';
COMMENT ON COLUMN upstream_identities.subject IS 'The sub of the person there.';
COMMENT ON COLUMN upstream_identities.person_id IS 'Who that is here.';
COMMENT ON CONSTRAINT upstream_subject_length ON upstream_identities IS 'Write the sub that the provider gives this person, 1 to 255 characters.';

CREATE FUNCTION upstream_identities_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := format('identity "%s" of "%s"', NEW.subject, NEW.instance_id);
  other text;
BEGIN
  PERFORM require_instance(owner, NEW.instance_id);
  SELECT instance_id INTO other FROM people WHERE id = NEW.person_id AND instance_id <> NEW.instance_id;
  IF FOUND THEN
    PERFORM refuse_registration('upstream_identity_instance', format('%s is given to a person of the instance "%s"', owner, other),
      'Name a person of the same instance in person_id.');
  END IF;
  SELECT issuer INTO other FROM upstream_providers WHERE instance_id = NEW.instance_id AND issuer <> NEW.issuer;
  IF FOUND THEN
    PERFORM refuse_registration('upstream_identity_issuer', format('%s names the issuer "%s", which is not its instance''s', owner, NEW.issuer),
      format('Write it as in upstream_providers: %s', other));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON upstream_identities FOR EACH ROW EXECUTE FUNCTION upstream_identities_validate();
