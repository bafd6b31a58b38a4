import {
  anUpstream,
  aPerson,
  each,
  HASH,
  openRegistration,
  type Registration,
  titled,
} from '../support/registrations/registration.ts';

const WITH_PASSWORD = { id: "'ada-2'", email: "'ada@home.example'", password_hash: `'${HASH}'` };
const WITHOUT = { id: "'ada-1'", email: "'Ada@home.example'" };

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
  await registration.apply(`
    INSERT INTO instances (id, name, authentication) VALUES ('federated', 'Federated', 'oidc');
    ${anUpstream({ instance_id: "'federated'" })}`);
});
afterAll(() => registration.close());

describe('a second person with the same address in an instance with passwords is refused', () => {
  const HINT =
    'Update that person, or use another address. Capital and small letters are the same here, and so are the spellings of an accent and of a domain.';
  it.each(
    titled([
      ...each(
        [
          aPerson(WITHOUT) + aPerson({ email: "'ADA@home.example'" }),
          aPerson(WITHOUT) + aPerson({ email: "'ada@home.example'", password_hash: `'${HASH}'` }),
          `${aPerson(WITHOUT) + aPerson({})} UPDATE people SET email = 'ada@HOME.example' WHERE id = 'new'`,
          aPerson({ ...WITHOUT, email: "'zoë@bücher.example'" }) +
            aPerson({ email: "'ZOË@xn--bcher-kva.example'" }),
          aPerson({ ...WITHOUT, email: "U&'zoe\\0308@bu\\0308cher.example'", password_hash: `'${HASH}'` }) +
            aPerson({ email: "'zoë@BÜCHER.example'", password_hash: `'${HASH}'` }),
          `${aPerson({ ...WITHOUT, email: "'ada@xn--bcher-kva.example'" }) + aPerson({ email: "'new@home.example'" })}
           UPDATE people SET email = 'ada@bücher.example' WHERE id = 'new'`,
        ],
        (sql) => [
          sql,
          'person_email_unique',
          'person "new": the person "ada-1" of the instance "home" has this e-mail address',
          HINT,
        ],
      ),
      [
        aPerson(WITH_PASSWORD) + aPerson({ email: "'ADA@home.example'" }),
        'person_email_unique',
        'person "new": the person "ada-2" of the instance "home" has this e-mail address',
        HINT,
      ],
    ]),
  )('%s, for %s', (_sentence, _sql, refusal) => registration.expectRefused(refusal));
});

describe('an address is accepted', () => {
  it.each([
    [
      'of the same person again',
      `${aPerson(WITHOUT)} UPDATE people SET email = 'ADA@home.example' WHERE id = 'ada-1'`,
    ],
    [
      'of a person registered again without the id',
      `${aPerson(WITH_PASSWORD)} INSERT INTO people (instance_id, email, password_hash) VALUES ('home', 'Ada@home.example', '${HASH}')
       ON CONFLICT (instance_id, lower(email)) WHERE password_hash IS NOT NULL DO UPDATE SET name = 'Ada'`,
    ],
    [
      'of the same person in another spelling',
      `${aPerson({ ...WITHOUT, email: "'zoë@bücher.example'" })} UPDATE people SET email = 'ZOË@xn--bcher-kva.example' WHERE id = 'ada-1'`,
    ],
    [
      'that a seed looks for',
      `${aPerson(WITHOUT)} UPDATE people SET name = 'Ada' WHERE canonical_address(email) = canonical_address('ADA@home.example')`,
    ],
    [
      'in another instance',
      aPerson(WITHOUT) + aPerson({ instance_id: "'other'", email: "'ada@home.example'" }),
    ],
    ['of two without one', aPerson({ id: "'ada-1'" }) + aPerson({})],
    [
      'of two people of an OpenID provider',
      aPerson({ ...WITHOUT, instance_id: "'federated'" }) +
        aPerson({ instance_id: "'federated'", email: "'ada@home.example'" }),
    ],
  ])('%s', (_what, sql) => registration.expectAccepted(sql));

  it('of two people from before, whose other columns may change', async () => {
    const { knex } = registration.database;
    await knex.raw('ALTER TABLE people DISABLE TRIGGER validate_address');
    await knex.raw(aPerson(WITHOUT) + aPerson({ email: "'ada@home.example'" }));
    await knex.raw('ALTER TABLE people ENABLE TRIGGER validate_address');
    await registration.expectAccepted(
      `UPDATE people SET name = 'Ada', email = 'ada@home.example' WHERE id = 'new';
       INSERT INTO people (id, instance_id, email) VALUES ('new', 'home', 'ada@home.example') ON CONFLICT (id) DO UPDATE SET email = excluded.email`,
    );
  });
});
