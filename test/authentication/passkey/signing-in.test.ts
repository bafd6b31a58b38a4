import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { ChallengeBinding } from '../../../src/authentication/passkey/challenge.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { FROM, ORIGIN, passkeyParts } from '../../support/passkeys/passkey-world.ts';
import {
  type Bent,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from '../../support/passkeys/software-authenticator.ts';
import { anInstance, aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import { unique } from '../../support/servers/test-server.ts';

const NOW = 1_800_000_000;
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE';

describe('signing in with a passkey', () => {
  let database: TestDatabase;
  let now = NOW;
  const clock = { now: () => new Date(now * 1000) };
  const parts = (failuresPerMinute = 0) => passkeyParts(database.knex, { clock, failuresPerMinute });

  beforeAll(async () => {
    database = await openTestDatabase();
    await anInstance({ database }, { id: 'demo' });
  });
  afterAll(() => database.close());
  beforeEach(() => {
    now = NOW;
  });

  const inInstance = (instance_id = 'demo') =>
    aPerson({ database }, { instance_id, password_hash: PASSWORD_HASH });

  async function withPasskey(person?: TestPerson) {
    const owner = person ?? (await inInstance());
    const device = softwareAuthenticator({ origin: ORIGIN });
    const { registrar } = parts();
    const options = await registrar.options({
      person: owner as never,
      instanceName: 'Demo',
      uid: 'setting-up',
    });
    const answer = JSON.stringify(device.create(options, { counter: 7 }));
    expect(
      await registrar.add({
        personId: owner.id,
        uid: 'setting-up',
        answer,
        userAgent: undefined,
        origin: FROM,
      }),
    ).toMatchObject({
      outcome: 'added',
    });
    return { owner, device };
  }

  const SIGN_IN: ChallengeBinding = { purpose: 'sign_in', uid: 'this-sign-in' };

  /** Answers the challenge of one page on another. */
  async function signIn(
    device: SoftwareAuthenticator,
    {
      bent = {},
      of = SIGN_IN,
      on = of,
      instanceId = 'demo',
      after = 0,
    }: {
      bent?: Bent;
      of?: ChallengeBinding;
      on?: ChallengeBinding;
      instanceId?: string;
      after?: number;
    } = {},
  ) {
    const { authenticator } = parts();
    const { challenge } = authenticator.options(of, { expiresAt: now + 600 });
    const answer = JSON.stringify(device.get({ challenge }, { counter: 8, ...bent }));
    now += after;
    return authenticator.signIn({
      instanceId,
      binding: on,
      answer,
      address: '192.0.2.1',
      browserOf: () => undefined,
      origin: FROM,
    });
  }

  const events = async (person_id: string) =>
    (
      await database.knex('audit_events').where({ person_id }).whereLike('event', 'passkey.%').orderBy('id')
    ).map(({ event }) => event);

  const refusal = (detail: string, personId?: string, reason = 'not_accepted') => ({
    outcome: 'refused',
    reason,
    detail,
    personId,
  });

  it('ends in its owner, and notes the counter and the time', async () => {
    const { owner, device } = await withPasskey();
    expect(await signIn(device)).toEqual({
      outcome: 'accepted',
      personId: owner.id,
      factor: `passkey:${Buffer.from(device.id, 'base64url').toString('hex')}`,
    });
    const row = await database.knex('passkeys').where({ person_id: owner.id }).first();
    expect({ ...row, counter: Number(row.counter) }).toMatchObject({
      counter: 8,
      backed_up: true,
      last_used_at: expect.any(Date),
    });
  });

  it('asks the browser for any passkey of this host, and for its user to be verified', () => {
    const options = parts().authenticator.options(SIGN_IN, { expiresAt: now + 600 });
    expect(options).toEqual({
      challenge: expect.stringMatching(/^[\w-]{72}$/),
      rpId: 'id.test',
      allowCredentials: [],
      userVerification: 'required',
    });
  });

  it('asks for those of the person whose second factor it is', async () => {
    const { owner, device } = await withPasskey();
    const { authenticator, passkeys } = parts();
    const { allowCredentials } = authenticator.options(
      { purpose: 'second_factor', uid: 'this-sign-in', personId: owner.id },
      { expiresAt: now + 600, passkeys: await passkeys.list(owner.id) },
    );
    expect(allowCredentials).toEqual([{ id: device.id, type: 'public-key', transports: ['internal'] }]);
  });

  it('takes an answer once', async () => {
    const { owner, device } = await withPasskey();
    const { authenticator } = parts();
    const { challenge } = authenticator.options(SIGN_IN, { expiresAt: now + 600 });
    const again = (counter: number) =>
      authenticator.signIn({
        instanceId: 'demo',
        binding: SIGN_IN,
        answer: JSON.stringify(device.get({ challenge }, { counter })),
        address: '192.0.2.1',
        browserOf: () => undefined,
        origin: FROM,
      });
    expect(await again(8)).toMatchObject({ outcome: 'accepted' });
    expect(await again(9)).toEqual(refusal('the challenge was used before', owner.id));
  });

  it.each<[string, Bent, string]>([
    [
      'another origin',
      { origin: 'https://id.test.evil.example' },
      'Unexpected authentication response origin "https://id.test.evil.example", expected "https://id.test"',
    ],
    [
      'another port of the host',
      { origin: 'https://id.test:8443' },
      'Unexpected authentication response origin "https://id.test:8443", expected "https://id.test"',
    ],
    ['another host name', { rpId: 'test' }, 'Unexpected RP ID hash'],
    [
      'a registration',
      { type: 'webauthn.create' },
      'Unexpected authentication response type: webauthn.create',
    ],
  ])('refuses the answer of %s', async (_, bent, detail) => {
    const { owner, device } = await withPasskey();
    expect(await signIn(device, { bent })).toEqual(refusal(detail, owner.id));
  });

  it('refuses a page of ours in the frame of another', async () => {
    const { device } = await withPasskey();
    expect(await signIn(device, { bent: { crossOrigin: true } })).toEqual(
      refusal('the challenge is not one of this page'),
    );
  });

  it('refuses a device that did not verify its user, and says so', async () => {
    const { owner, device } = await withPasskey();
    expect(await signIn(device, { bent: { userVerified: false } })).toEqual(
      refusal('User verification required, but user could not be verified', owner.id, 'not_verified'),
    );
  });

  it('refuses a wrong signature', async () => {
    const { owner, device } = await withPasskey();
    expect(await signIn(device, { bent: { spoilt: true } })).toEqual(
      refusal('the signature is wrong', owner.id),
    );
  });

  it.each([7, 6, 0])('refuses a counter that was 7 and is %i, which signs nobody in', async (counter) => {
    const { owner, device } = await withPasskey();
    expect(await signIn(device, { bent: { counter } })).toEqual(
      refusal('the counter of the passkey went back, so a copy of it may be in use', owner.id),
    );
    expect(Number((await database.knex('passkeys').where({ person_id: owner.id }).first()).counter)).toBe(7);
    expect(await events(owner.id)).toEqual(['passkey.added', 'passkey.suspected']);
  });

  it('refuses the challenge of another sign-in', async () => {
    const { device } = await withPasskey();
    const of = { ...SIGN_IN, uid: 'another-sign-in' };
    expect(await signIn(device, { of, on: SIGN_IN })).toEqual(
      refusal('the challenge is not one of this page'),
    );
  });

  it('refuses the challenge of another purpose', async () => {
    const { owner, device } = await withPasskey();
    const ofOwner = { uid: 'this-sign-in', personId: owner.id };
    for (const purpose of ['second_factor', 'register'] as const)
      expect(await signIn(device, { of: { purpose, ...ofOwner }, on: SIGN_IN })).toEqual(
        refusal('the challenge is not one of this page'),
      );
  });

  it('refuses a challenge that nobody made, and one that was changed', async () => {
    const { device } = await withPasskey();
    const { authenticator } = parts();
    const { challenge } = authenticator.options(SIGN_IN, { expiresAt: now + 600 });
    const longer = Buffer.from(challenge, 'base64url');
    longer.writeUIntBE(now + 6000, 16, 6);
    for (const changed of ['', 'made-up', `${challenge}A`, longer.toString('base64url')])
      expect(
        await authenticator.signIn({
          instanceId: 'demo',
          binding: SIGN_IN,
          answer: JSON.stringify(device.get({ challenge: changed }, { counter: 8 })),
          address: '192.0.2.1',
          browserOf: () => undefined,
          origin: FROM,
        }),
      ).toEqual(refusal('the challenge is not one of this page'));
  });

  it('refuses a challenge from the second on in which it expires', async () => {
    const { device } = await withPasskey();
    expect(await signIn(device, { after: 600 })).toEqual(
      refusal('the challenge has expired', undefined, 'expired'),
    );
    now = NOW;
    expect(await signIn(device, { after: 599 })).toMatchObject({ outcome: 'accepted' });
  });

  it('refuses the passkey of a person in another instance, like one that nobody has', async () => {
    const { device } = await withPasskey(await inInstance(await anInstance({ database })));
    const nobodys = softwareAuthenticator({ origin: ORIGIN });
    expect(await signIn(device)).toEqual(refusal('nobody of this instance has this passkey'));
    expect(await signIn(nobodys)).toEqual(refusal('nobody of this instance has this passkey'));
    expect(await signIn(nobodys, { bent: { userVerified: false } })).toEqual(
      refusal('User verification required, but user could not be verified', undefined, 'not_verified'),
    );
  });

  it('refuses somebody who is disabled, who has been since the page, or whose passkey was removed', async () => {
    const { owner, device } = await withPasskey();
    await database.knex('people').where({ id: owner.id }).update({ disabled_at: new Date() });
    expect(await signIn(device)).toEqual(refusal('the person is disabled', owner.id));
    await database.knex('people').where({ id: owner.id }).update({ disabled_at: null });
    expect(await parts().passkeys.remove(owner.id, Buffer.from(device.id, 'base64url'), FROM)).toBe(
      'Passkey',
    );
    expect(await signIn(device)).toEqual(refusal('nobody of this instance has this passkey'));
  });

  it('refuses an answer that names another owner, or none', async () => {
    const { owner, device } = await withPasskey();
    for (const userHandle of [undefined, '', Buffer.from(randomUUID()).toString('base64url')])
      expect(await signIn(device, { bent: { userHandle } })).toEqual(
        refusal('the passkey belongs to another person', owner.id),
      );
  });

  it('takes as a second factor only a passkey of the person who has begun to sign in', async () => {
    const [{ owner, device }, other] = [await withPasskey(), await withPasskey()];
    const of = { purpose: 'second_factor' as const, uid: 'this-sign-in', personId: owner.id };
    expect(await signIn(other.device, { of })).toEqual(
      refusal('the passkey belongs to another person', other.owner.id),
    );
    expect(await signIn(device, { of: { ...of, personId: other.owner.id }, on: of })).toEqual(
      refusal('the challenge is not one of this page'),
    );
    expect(await signIn(device, { of, bent: { userHandle: undefined } })).toMatchObject({
      outcome: 'accepted',
    });
  });

  it.each(['', 'null', '[]', '{}', '"text"', '{"id":1,"response":{}}', '{"id":"a","response":null}'])(
    'refuses a form with the answer %j',
    async (answer) => {
      expect(
        await parts().authenticator.signIn({
          instanceId: 'demo',
          binding: SIGN_IN,
          answer,
          address: '192.0.2.1',
          browserOf: () => undefined,
          origin: FROM,
        }),
      ).toEqual(refusal('the form has no answer of a passkey', undefined, 'no_answer'));
    },
  );

  it('refuses members of other types, and never fails', async () => {
    const { device } = await withPasskey();
    const { authenticator } = parts();
    const { challenge } = authenticator.options(SIGN_IN, { expiresAt: now + 600 });
    const right = device.get({ challenge }, { counter: 8 });
    for (const wrong of [null, 7, '', 'AA', {}, [], 'x'.repeat(5000)])
      for (const member of ['authenticatorData', 'signature', 'userHandle', 'clientDataJSON'])
        expect(
          await authenticator.signIn({
            instanceId: 'demo',
            binding: SIGN_IN,
            answer: JSON.stringify({ ...right, response: { ...right.response, [member]: wrong } }),
            address: '192.0.2.1',
            browserOf: () => undefined,
            origin: FROM,
          }),
        ).toMatchObject({ outcome: 'refused' });
    for (const id of ['', 'A'.repeat(2000), '\0', '💥'])
      expect(
        await authenticator.signIn({
          instanceId: 'demo',
          binding: SIGN_IN,
          answer: JSON.stringify({ ...right, id, rawId: id }),
          address: '192.0.2.1',
          browserOf: () => undefined,
          origin: FROM,
        }),
      ).toMatchObject({ outcome: 'refused', reason: 'not_accepted' });
  });

  it('refuses an address after too many wrong answers, and no other address', async () => {
    const { device } = await withPasskey();
    const { authenticator } = parts(3);
    const address = unique('address');
    const attempt = (from: string, spoilt: boolean) => {
      const { challenge } = authenticator.options(SIGN_IN, { expiresAt: now + 600 });
      const answer = JSON.stringify(device.get({ challenge }, { counter: 8, spoilt }));
      return authenticator.signIn({
        instanceId: 'demo',
        binding: SIGN_IN,
        answer,
        address: from,
        browserOf: () => undefined,
        origin: FROM,
      });
    };
    for (let n = 0; n < 3; n += 1)
      expect(await attempt(address, true)).toMatchObject({ detail: 'the signature is wrong' });
    await expect(attempt(address, false)).rejects.toMatchObject({ status: 429 });
    expect(await attempt(unique('address'), false)).toMatchObject({ outcome: 'accepted' });
  });

  it('lets one of many answers to one challenge through', async () => {
    const { owner, device } = await withPasskey();
    await database.knex('passkeys').where({ person_id: owner.id }).update({ counter: 0 });
    const { authenticator } = parts();
    const { challenge } = authenticator.options(SIGN_IN, { expiresAt: now + 600 });
    const results = await Promise.all(
      Array.from({ length: 50 }, () =>
        authenticator.signIn({
          instanceId: 'demo',
          binding: SIGN_IN,
          answer: JSON.stringify(device.get({ challenge }, { counter: 0 })),
          address: '192.0.2.1',
          browserOf: () => undefined,
          origin: FROM,
        }),
      ),
    );
    const outcomes = results.map((result) => (result.outcome === 'refused' ? result.detail : result.outcome));
    expect(outcomes.sort()).toEqual(['accepted', ...Array(49).fill('the challenge was used before')]);
  });

  it('keeps keys of other kinds apart: a key that is none of a passkey verifies nothing', async () => {
    const { owner, device } = await withPasskey();
    const { publicKey } = generateKeyPairSync('ed25519');
    await database
      .knex('passkeys')
      .where({ person_id: owner.id })
      .update({ public_key: publicKey.export({ type: 'spki', format: 'der' }) });
    expect(await signIn(device)).toMatchObject({ outcome: 'refused', reason: 'not_accepted' });
  });
});
