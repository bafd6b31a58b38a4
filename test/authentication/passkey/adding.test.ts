import { MOST_PASSKEYS } from '../../../src/authentication/passkey/add-passkey.ts';
import { userHandleOf } from '../../../src/authentication/passkey/user-handle.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { FROM, ORIGIN, passkeyParts } from '../../support/passkeys/passkey-world.ts';
import { type BentCreation, softwareAuthenticator } from '../../support/passkeys/software-authenticator.ts';
import { anInstance, aPerson } from '../../support/registrations/factories.ts';

const NOW = 1_800_000_000;
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE';
const UID = 'this-session';

describe('adding a passkey', () => {
  let database: TestDatabase;
  let now = NOW;
  const parts = () => passkeyParts(database.knex, { clock: { now: () => new Date(now * 1000) } });

  beforeAll(async () => {
    database = await openTestDatabase();
    await anInstance({ database }, { id: 'demo' });
  });
  afterAll(() => database.close());
  beforeEach(() => {
    now = NOW;
  });

  const somebody = () => aPerson({ database }, { password_hash: PASSWORD_HASH });
  type Somebody = Awaited<ReturnType<typeof somebody>>;
  const optionsFor = (person: Somebody, uid = UID) =>
    parts().registrar.options({ person: { ...person, name: 'Grace' } as never, instanceName: 'Demo', uid });

  async function add(
    person: Somebody,
    {
      device = softwareAuthenticator({ origin: ORIGIN }),
      bent = {},
      uid = UID,
      as = person,
      after = 0,
    }: {
      device?: ReturnType<typeof softwareAuthenticator>;
      bent?: BentCreation;
      uid?: string;
      as?: Somebody;
      after?: number;
    } = {},
  ) {
    const answer = JSON.stringify(device.create(await optionsFor(person, uid), bent));
    now += after;
    return parts().registrar.add({ personId: as.id, uid: UID, answer, userAgent: undefined, origin: FROM });
  }

  const refusal = (detail: string, reason = 'not_accepted') => ({
    outcome: 'refused',
    reason,
    detail,
    personId: undefined,
  });

  it('asks the browser for one that verifies its user, and is found without a name', async () => {
    const person = await somebody();
    expect(await optionsFor(person)).toEqual({
      challenge: expect.stringMatching(/^[\w-]{72}$/),
      rp: { id: 'id.test', name: 'Demo' },
      user: {
        id: userHandleOf(person.id).toString('base64url'),
        name: person.email,
        displayName: 'Grace',
      },
      pubKeyCredParams: [
        { type: 'public-key', alg: -8 },
        { type: 'public-key', alg: -7 },
        { type: 'public-key', alg: -257 },
      ],
      timeout: 60000,
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      extensions: { credProps: true },
      hints: [],
    });
  });

  it('keeps the public key, the name of its keeper, and how it is reached', async () => {
    const person = await somebody();
    const device = softwareAuthenticator({ origin: ORIGIN });
    const bent = {
      aaguid: 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4',
      transports: ['internal', 'hybrid', 'a made-up one'],
      counter: 3,
    };
    expect(await add(person, { device, bent })).toEqual({
      outcome: 'added',
      name: 'Google Password Manager',
      factor: `passkey:${Buffer.from(device.id, 'base64url').toString('hex')}`,
      recoveryCodes: expect.arrayContaining([expect.stringMatching(/^[\w-]+$/)]),
    });
    const row = await database.knex('passkeys').where({ person_id: person.id }).first();
    expect({ ...row, counter: Number(row.counter) }).toEqual({
      credential_id: Buffer.from(device.id, 'base64url'),
      person_id: person.id,
      public_key: expect.anything(),
      counter: 3,
      transports: ['internal', 'hybrid'],
      aaguid: 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4',
      backed_up: true,
      name: 'Google Password Manager',
      created_at: expect.any(Date),
      last_used_at: null,
    });
  });

  it('gives several of a person different names, and tells the browser which there are', async () => {
    const person = await somebody();
    const bent = { transports: ['usb'] };
    const devices = [0, 1, 2].map(() => softwareAuthenticator({ origin: ORIGIN }));
    for (const device of devices) await add(person, { device, bent });
    const { passkeys } = parts();
    expect((await passkeys.list(person.id)).map(({ name }) => name)).toEqual([
      'Security key',
      'Security key 2',
      'Security key 3',
    ]);
    const { excludeCredentials } = await optionsFor(person);
    expect(excludeCredentials?.map(({ id }) => id)).toEqual(devices.map(({ id }) => id));
  });

  it('can be undone, and the name can be changed, by its owner alone, who is told', async () => {
    const [person, other] = [await somebody(), await somebody()];
    const device = softwareAuthenticator({ origin: ORIGIN });
    const { registrar, told: toldFirst } = parts();
    const answer = JSON.stringify(device.create(await optionsFor(person)));
    await registrar.add({ personId: person.id, uid: UID, answer, userAgent: undefined, origin: FROM });
    expect(toldFirst).toEqual([`${person.id} has a passkey`]);
    const id = Buffer.from(device.id, 'base64url');
    const { passkeys, told } = parts();
    expect(await passkeys.rename(other.id, id, 'Mine', FROM)).toBe(false);
    expect(await passkeys.rename(person.id, id, 'The blue one', FROM)).toBe(true);
    expect(await passkeys.remove(other.id, id, FROM)).toBeUndefined();
    expect(await passkeys.remove(person.id, id, FROM)).toBe('The blue one');
    const about = {
      person_id: person.id,
      instance_id: 'demo',
      detail: { passkey: id.toString('hex').slice(0, 16) },
    };
    const from = { way: 'request', address: '192.0.2.1', request_id: 'request-1' };
    const events = database
      .knex('audit_events')
      .where({ person_id: person.id })
      .whereLike('event', 'passkey.%');
    expect(await events.orderBy('id')).toMatchObject([
      { event: 'passkey.added', ...about },
      { event: 'passkey.renamed', ...about, ...from },
      { event: 'passkey.removed', ...about, ...from },
    ]);
    expect(await passkeys.list(person.id)).toEqual([]);
    expect(told).toEqual([`${person.id} lost a passkey`]);
  });

  it.each<[string, BentCreation, string]>([
    [
      'another origin',
      { origin: 'https://evil.example' },
      'Unexpected registration response origin "https://evil.example", expected "https://id.test"',
    ],
    ['another host name', { rpId: 'evil.example' }, 'Unexpected RP ID hash'],
    ['a sign-in', { type: 'webauthn.get' }, 'Unexpected registration response type: webauthn.get'],
    ['an attestation', { attestation: 'fido-u2f' }, 'the attestation fido-u2f was not asked for'],
    ['a page in a frame', { crossOrigin: true }, 'the challenge is not one of this page'],
  ])('refuses the answer of %s', async (_, bent, detail) => {
    const person = await somebody();
    expect(await add(person, { bent })).toEqual(refusal(detail));
    expect(await parts().passkeys.list(person.id)).toEqual([]);
  });

  it('refuses a device that did not verify its user', async () => {
    expect(await add(await somebody(), { bent: { userVerified: false } })).toEqual(
      refusal('User verification was required, but user could not be verified', 'not_verified'),
    );
  });

  it('refuses the challenge of another session, of another person, and an expired one', async () => {
    const [person, other] = [await somebody(), await somebody()];
    expect(await add(person, { uid: 'another-session' })).toEqual(
      refusal('the challenge is not one of this page'),
    );
    expect(await add(person, { as: other })).toEqual(refusal('the challenge is not one of this page'));
    expect(await add(person, { after: 600 })).toEqual(refusal('the challenge has expired', 'expired'));
  });

  it('refuses a form without an answer', async () => {
    const person = await somebody();
    expect(
      await parts().registrar.add({
        personId: person.id,
        uid: UID,
        answer: '',
        userAgent: undefined,
        origin: FROM,
      }),
    ).toEqual(refusal('the form has no passkey', 'no_answer'));
  });

  it('refuses members of other types, and never fails', async () => {
    const person = await somebody();
    const device = softwareAuthenticator({ origin: ORIGIN });
    const right = device.create(await optionsFor(person));
    for (const wrong of [null, 7, '', 'AA', {}, [], 'x'.repeat(5000)])
      for (const member of ['attestationObject', 'clientDataJSON'])
        expect(
          await parts().registrar.add({
            personId: person.id,
            uid: UID,
            userAgent: undefined,
            origin: FROM,
            answer: JSON.stringify({ ...right, response: { ...right.response, [member]: wrong } }),
          }),
        ).toMatchObject({ outcome: 'refused' });
  });

  it('refuses a passkey that somebody has, whoever it is', async () => {
    const [person, other] = [await somebody(), await somebody()];
    const device = softwareAuthenticator({ origin: ORIGIN });
    await add(person, { device });
    for (const somebodyElse of [person, other])
      expect(await add(somebodyElse, { device })).toEqual(
        refusal('the passkey was not added: known', 'known'),
      );
    expect(await parts().passkeys.list(other.id)).toEqual([]);
  });

  it('refuses somebody who was disabled meanwhile', async () => {
    const person = await somebody();
    await database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    expect(await add(person)).toEqual(refusal('the person was disabled'));
  });

  it('takes an answer once, and twenty passkeys of a person', async () => {
    const person = await somebody();
    const device = softwareAuthenticator({ origin: ORIGIN });
    const answer = JSON.stringify(device.create(await optionsFor(person)));
    const send = () =>
      parts().registrar.add({ personId: person.id, uid: UID, answer, userAgent: undefined, origin: FROM });
    const outcomes = await Promise.all(Array.from({ length: 10 }, send));
    expect(outcomes.filter(({ outcome }) => outcome === 'added')).toHaveLength(1);
    for (let more = 1; more < MOST_PASSKEYS; more += 1)
      expect(await add(person)).toMatchObject({ outcome: 'added' });
    expect(await add(person)).toEqual(refusal('the passkey was not added: many', 'many'));
  });
});
