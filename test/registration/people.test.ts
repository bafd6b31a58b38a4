import {
  anUpstream,
  aPerson,
  each,
  HASH,
  insert,
  openRegistration,
  type Registration,
  titled,
} from '../support/registrations/registration.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

describe('a person is refused', () => {
  const row = 'people: the row "new" is refused';
  it.each(
    titled([
      [
        aPerson({ id: "'a b'" }),
        'person_id_format of people',
        'people: the row "a b" is refused',
        'Use printable ASCII without spaces, up to 255 characters, or leave the id out: a UUID is then made.',
      ],
      ...each(['ada', 'ada @home.example', 'a@b@c', `a@${'b'.repeat(253)}`], (email) => [
        aPerson({ email: `'${email}'` }),
        'person_email_format of people',
        row,
        'Write one address with one @ and no spaces, up to 254 characters.',
      ]),
      ...each(['a\\00A0b@home.example', '\\3000ab@home.example', 'ab@home.example\\2003'], (email) => [
        aPerson({ email: `U&'${email}'` }),
        'person_email_format',
        'person "new": the e-mail address has a space',
        'Write one address with one @ and no spaces, up to 254 characters.',
      ]),
      ...each(['email', 'name', 'first_name', 'last_name'], (column) => [
        aPerson({ id: "'new'", [column]: "U&'a\\202E@b'" }),
        `${column}_visible`,
        `person "new": ${column} has the control character U+202E`,
        'Leave it out. Control characters, and those that change the direction of text, make people read something else than what is written.',
      ]),
      [
        aPerson({ name: "''" }),
        'person_name_length of people',
        row,
        'Write 1 to 200 characters, or NULL when the name is not known.',
      ],
      [
        aPerson({ first_name: "''" }),
        'person_first_name_length of people',
        row,
        'Write 1 to 100 characters, or NULL when the first name is not known.',
      ],
      [
        aPerson({ last_name: "''" }),
        'person_last_name_length of people',
        row,
        'Write 1 to 100 characters, or NULL when the last name is not known.',
      ],
      [
        aPerson({ worker_profile_id: "''" }),
        'person_worker_profile_id_length of people',
        row,
        'Write 1 to 255 characters, or NULL for somebody who is not a worker.',
      ],
      ...each(
        [
          'correct horse battery staple',
          HASH.replace('argon2id', 'argon2i'),
          HASH.replace('m=19456', 'm=9999999'),
          HASH.replace('m=19456', 'm=7'),
          HASH.replace('t=2', 't=0'),
          HASH.replace('p=1', 'p=99'),
          HASH.replace('$TGYG6HoJZBSCQ6xXZkDrHg', '$TGYG'),
          `${HASH}=`,
          `${HASH}a`.slice(0, -40),
        ],
        (hash) => [
          aPerson({ email: "'new@home.example'", password_hash: `'${hash}'` }),
          'person_password_hash_argon2id of people',
          row,
          'Make the hash with: npx listo password hash. Never write the password itself.',
        ],
      ),
      [
        aPerson({ password_hash: `'${HASH}'` }),
        'person_password_email of people',
        row,
        'Give the e-mail address too: it is what the person types beside the password.',
      ],
      [
        aPerson({ instance_id: "'nowhere'", email: "'new@home.example'" }),
        'instance_exists',
        'person "new@home.example" belongs to the instance "nowhere", which does not exist',
        'Insert the instance first, or correct instance_id. SELECT id FROM instances lists them.',
      ],
      ...each(
        [
          "UPDATE people SET instance_id = 'other' WHERE id = 'ada'",
          "INSERT INTO people (id, instance_id) VALUES ('ada', 'other') ON CONFLICT (id) DO NOTHING",
        ],
        (sql) => [
          sql,
          'person_instance_fixed',
          'person "ada" belongs to the instance "home" and cannot move to "other"',
          'Register a new person there, with an id of its own: sessions and tokens are tied to the instance.',
        ],
      ),
      [
        "INSERT INTO worker_ids VALUES ('ada', '')",
        'worker_id_length of worker_ids',
        'worker_ids: the row "ada" is refused',
        'Write 1 to 255 characters.',
      ],
      ...each(['id', 'client_id'], (column) => [
        insert('user_records', { person_id: "'ada'", id: "'u'", client_id: "'c'", [column]: "''" }),
        `user_record_${column} of user_records`.replace(' of', '_length of'),
        'user_records: the row "ada" is refused',
        'Write 1 to 255 characters.',
      ]),
      [
        "INSERT INTO upstream_identities VALUES ('home', 'https://idp.example', '', 'ada')",
        'upstream_subject_length of upstream_identities',
        'upstream_identities: the row "home" is refused',
        'Write the sub that the provider gives this person, 1 to 255 characters.',
      ],
      [
        "INSERT INTO upstream_identities VALUES ('other', 'https://idp.example', 'sub', 'ada')",
        'upstream_identity_instance',
        'identity "sub" of "other" is given to a person of the instance "home"',
        'Name a person of the same instance in person_id.',
      ],
      [
        `${anUpstream()} INSERT INTO upstream_identities VALUES ('home', 'https://idp.example/', 'sub', 'ada')`,
        'upstream_identity_issuer',
        'identity "sub" of "home" names the issuer "https://idp.example/", which is not its instance\'s',
        'Write it as in upstream_providers: https://idp.example',
      ],
    ]),
  )('%s, for %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});
