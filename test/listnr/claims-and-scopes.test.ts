import { readAuthorization } from '../../src/listnr/authentication/authorization-header.ts';
import type { HttpError } from '../../src/platform/errors.ts';
import { isSubject } from '../../src/tokens/claims/subject.ts';
import { checkAudience, checkIdToken } from '../../src/tokens/id-tokens/id-token-claims.ts';
import { listnrClaims } from '../../src/tokens/listnr/listnr-token.ts';
import { profileClaims } from '../../src/tokens/listnr/profile-claims.ts';
import { grantedScopes } from '../../src/tokens/listnr/requested-scope.ts';
import { requestedSubject } from '../../src/tokens/listnr/requested-subject.ts';

describe('the granted scopes', () => {
  const allowed = ['read:profile', 'write:preferences'];

  it.each<[string, string[]]>([
    ['', []],
    ['  ', []],
    ['read:profile', ['read:profile']],
    ['write:preferences read:profile', ['write:preferences', 'read:profile']],
    [' read:profile  read:profile ', ['read:profile']],
  ])('of %j are %j', (requested, granted) => {
    expect(grantedScopes(requested, allowed)).toEqual(granted);
  });

  it('are never fewer than asked for: one that is not allowed refuses all', () => {
    expect(() => grantedScopes('read:profile admin', allowed)).toThrow(
      'This client may not ask for the scope admin.',
    );
  });
});

describe('the claims of a LiSTNR token', () => {
  const parts = {
    issuer: 'https://listnr.example',
    subject: 'somebody',
    audience: 'demo-service',
    scopes: [],
    profile: {},
    now: 1748649600,
  };
  const standard = {
    iss: 'https://listnr.example',
    sub: 'somebody',
    aud: 'demo-service',
    iat: 1748649600,
    exp: 1748650500,
    jti: expect.any(String),
  };

  it('leave out what there is nothing to say about', () => {
    expect(listnrClaims(parts)).toStrictEqual(standard);
  });

  it('have the scopes as one string, and the profile', () => {
    expect(listnrClaims({ ...parts, scopes: ['a', 'b'], profile: { first_name: 'Ada' } })).toStrictEqual({
      ...standard,
      scope: 'a b',
      first_name: 'Ada',
    });
  });
});

describe('the profile claims', () => {
  const idToken = {
    email: 'ada@demo.example',
    email_verified: true,
    name: 'Ada Lovelace',
    given_name: 'Ada',
    firstName: 'Augusta',
  };

  it('are those on the allowlist', () => {
    expect(profileClaims(idToken, [])).toEqual({});
    expect(profileClaims(idToken, ['display_name'])).toEqual({ display_name: 'Ada Lovelace' });
    expect(profileClaims(idToken, ['email', 'display_name', 'first_name'])).toEqual({
      email: 'ada@demo.example',
      display_name: 'Ada Lovelace',
      first_name: 'Ada',
    });
  });

  it('are absent where the ID token has no string for them', () => {
    const odd = { email: 7, email_verified: true, name: null, given_name: [], firstName: '' };
    expect(profileClaims(odd, ['email', 'display_name', 'first_name'])).toEqual({});
    expect(profileClaims({}, ['email', 'display_name', 'first_name'])).toEqual({});
  });
});

describe('a subject', () => {
  it.each(['somebody', '0', 'Ada Lovelace', 'ada@demo.example', '名前', '👩‍💻', 'x'.repeat(255)])(
    'may be %j',
    (value) => {
      expect(isSubject(value)).toBe(true);
      expect(requestedSubject(value, 'default')).toBe(value);
    },
  );

  it.each([
    '',
    ' ',
    '\u3000',
    'a\tb',
    'a\u007fb',
    'a\u2028b',
    'a\ud800',
    'x'.repeat(256),
    7,
    null,
    undefined,
    {},
  ])('may not be %j', (value) => expect(isSubject(value)).toBe(false));

  it('is the default one only when none is asked for', () => {
    expect(requestedSubject(undefined, 'default')).toBe('default');
    expect(() => requestedSubject('', 'default')).toThrow('subject must be a string');
    expect(() => requestedSubject(undefined, null)).toThrow('subject is required');
  });
});

describe('the claims of an ID token', () => {
  const now = 1748649600;
  const claims = { sub: 'somebody', iat: now, exp: now + 1 };

  it('may be 30 seconds ahead of our clock, and not a second behind their own exp', () => {
    expect(() => checkIdToken({ ...claims, iat: now + 30, nbf: now + 30 }, now)).not.toThrow();
    expect(() => checkIdToken({ ...claims, iat: now + 31 }, now)).toThrow('issued in the future');
    expect(() => checkIdToken({ ...claims, nbf: now + 31 }, now)).toThrow('not valid yet');
    expect(() => checkIdToken(claims, now + 1)).toThrow('expired');
  });

  it('may say that they are those of an ID token', () => {
    expect(() => checkIdToken({ ...claims, token_use: 'id', typ: 'ID' }, now)).not.toThrow();
  });

  it('have an audience that is listed, and nobody else behind it', () => {
    const listed = ['web', 'spa'];
    for (const good of [
      { aud: 'web' },
      { aud: ['spa'] },
      { aud: ['web', 'spa'] },
      { aud: ['x', 'web'], azp: 'spa' },
    ])
      expect(() => checkAudience(good, listed)).not.toThrow();
    for (const bad of [
      {},
      { aud: 'x' },
      { aud: ['x'], azp: 'web' },
      { aud: 'web', azp: 'x' },
      { aud: ['web', 'x'] },
    ])
      expect(() => checkAudience(bad, listed)).toThrow('ID token');
  });
});

describe('an Authorization header', () => {
  const encode = (text: string) => Buffer.from(text).toString('base64');

  it('of the RFC 7617 examples is read as it stands there', () => {
    expect(readAuthorization('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')).toEqual({
      scheme: 'basic',
      clientId: 'Aladdin',
      secret: 'open sesame',
    });
    expect(readAuthorization('Basic dGVzdDoxMjPCow==')).toEqual({
      scheme: 'basic',
      clientId: 'test',
      secret: '123£',
    });
  });

  it('has the client id before the first colon, and all the rest is the secret', () => {
    expect(readAuthorization(`basic   ${encode('a:b:c+%20:')}`)).toEqual({
      scheme: 'basic',
      clientId: 'a',
      secret: 'b:c+%20:',
    });
    expect(readAuthorization(`Basic ${encode('a:')}`)).toEqual({
      scheme: 'basic',
      clientId: 'a',
      secret: '',
    });
  });

  it('of a user brings a token', () => {
    expect(readAuthorization('bearer a.b-c._d')).toEqual({ scheme: 'bearer', token: 'a.b-c._d' });
  });

  it('that cannot be read says how to authenticate', () => {
    const challengeOf = (header: string) => {
      try {
        return readAuthorization(header);
      } catch (error) {
        return (error as HttpError).headers;
      }
    };
    const both = {
      'WWW-Authenticate':
        'Basic realm="listnr-token-provider", charset="UTF-8", Bearer realm="listnr-token-provider"',
    };
    expect(challengeOf('')).toEqual(both);
    expect(challengeOf('Negotiate abc')).toEqual(both);
    expect(challengeOf('Basic abc')).toEqual({
      'WWW-Authenticate': 'Basic realm="listnr-token-provider", charset="UTF-8"',
    });
  });
});
