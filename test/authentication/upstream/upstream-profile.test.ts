import { mappedClaims, profileFrom } from '../../../src/authentication/upstream/upstream-profile.ts';

const NOTHING = {
  email: null,
  emailVerified: false,
  name: null,
  firstName: null,
  lastName: null,
  workerProfileId: null,
};

describe('what an upstream provider’s claims say of a person', () => {
  it('is read from the standard claims', () => {
    const claims = {
      email: 'kj@nasa.example',
      email_verified: true,
      name: 'Katherine Johnson',
      given_name: 'Katherine',
      family_name: 'Johnson',
      worker_profile_id: 'not mapped, so not read',
    };
    expect(profileFrom(claims, {})).toEqual({
      email: 'kj@nasa.example',
      emailVerified: true,
      name: 'Katherine Johnson',
      firstName: 'Katherine',
      lastName: 'Johnson',
      workerProfileId: null,
    });
  });

  it('is read from the claims that an instance maps, and from no others', () => {
    const mapping = { email: 'mail', email_verified: 'mail_ok', worker_profile_id: 'employee', name: 'cn' };
    const claims = { email: 'a@b.example', mail: 'c@d.example', mail_ok: true, employee: 'E-1', cn: 'C. N.' };
    expect(profileFrom(claims, mapping)).toEqual({
      ...NOTHING,
      email: 'c@d.example',
      emailVerified: true,
      name: 'C. N.',
      workerProfileId: 'E-1',
    });
    expect(mappedClaims(mapping)).toEqual(['mail', 'mail_ok', 'cn', 'given_name', 'family_name', 'employee']);
  });

  it('has names without control characters, which the database would refuse', () => {
    const claims = { name: '\u202Eada\u202C', given_name: 'A\u0007d\u200Ba\n', family_name: '\u2066\u2069' };
    expect(profileFrom(claims, {})).toEqual({ ...NOTHING, name: 'ada', firstName: 'Ada' });
  });

  it('is nothing where there are no claims', () => {
    expect(profileFrom({}, {})).toEqual(NOTHING);
  });

  it.each([true, 'true'])('has a verified address when the provider says %j', (email_verified) => {
    expect(profileFrom({ email: 'a@b.example', email_verified }, {}).emailVerified).toBe(true);
  });

  it.each([
    ...['false', 'TRUE', ' true', 'yes', '1', ''],
    ...[1, {}, [true], ['true'], null, undefined, false],
  ])('has no verified address when the provider says %j', (email_verified) => {
    expect(profileFrom({ email: 'a@b.example', email_verified }, {}).emailVerified).toBe(false);
  });

  it('has no verified address where there is no address', () => {
    expect(profileFrom({ email: 'nonsense', email_verified: true }, {})).toEqual(NOTHING);
  });

  it.each([
    'nobody',
    '@',
    'a@',
    '@b',
    'a@b@c',
    'a b@c',
    'a\u0085b@c',
    'a\u200bb@c',
    'a\u3000b@c',
    `${'x'.repeat(253)}@y`,
    'NUL\0@x',
    17,
    ['a@b'],
    null,
  ])('leaves out %j, which is no address', (email) => {
    expect(profileFrom({ email }, {}).email).toBeNull();
  });

  it.each(['a@b', 'Ünï@cödé.example', "o'hara+tag@sub.example"])('takes %j as an address', (email) => {
    expect(profileFrom({ email: ` ${email} ` }, {}).email).toBe(email);
  });

  it('makes a full name of both names, no longer than the column', () => {
    expect(profileFrom({ given_name: 'Mary', family_name: 'Jackson' }, {}).name).toBe('Mary Jackson');
    expect(profileFrom({ family_name: 'Jackson' }, {}).name).toBe('Jackson');
    const long = 'x'.repeat(100);
    expect(profileFrom({ given_name: long, family_name: long }, {}).name).toBe(`${long} ${'x'.repeat(99)}`);
  });

  it('leaves out what is too long, empty, or no text', () => {
    const claims = { name: 'x'.repeat(201), given_name: '   ', family_name: 42, who: 'x'.repeat(256) };
    expect(profileFrom(claims, { worker_profile_id: 'who' })).toEqual(NOTHING);
  });

  it('reads nothing that every object has', () => {
    expect(profileFrom({}, { name: 'constructor', email: '__proto__' })).toEqual(NOTHING);
  });
});
