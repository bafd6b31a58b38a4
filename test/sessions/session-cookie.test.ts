import {
  clearedSessionCookies,
  instancesInCookies,
  sessionCookieName,
} from '../../src/sessions/session-cookie.ts';

const HTTP = { https: false };
const HTTPS = { https: true };

describe('the session cookie', () => {
  it('has the instance in its name, and over TLS a prefix that holds it to the host', () => {
    expect(sessionCookieName('demo', HTTP)).toBe('listo_session_demo');
    expect(sessionCookieName('demo', HTTPS)).toBe('__Host-listo_session_demo');
  });

  it('is taken from a browser together with its signature', () => {
    expect(clearedSessionCookies('demo', HTTP)).toEqual([
      'listo_session_demo=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax',
      'listo_session_demo.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax',
    ]);
    expect(clearedSessionCookies('demo', HTTPS)).toEqual([
      '__Host-listo_session_demo=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax; secure',
      '__Host-listo_session_demo.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax; secure',
    ]);
  });
});

describe('the instances in a Cookie header', () => {
  it.each([
    ['', []],
    ['listo_session_demo=x', ['demo']],
    ['listo_session_demo=x; listo_session_demo.sig=y', ['demo']],
    ['a=b; listo_session_demo=x;listo_session_acme-2=y', ['demo', 'acme-2']],
    ['listo_session_demo', ['demo']],
    ['listo_session_=x', []],
    ['listo_session_DEMO=x', []],
    ['listo_session_a.b=x', []],
    ['listo_session_../x=y', []],
    [`listo_session_${'a'.repeat(40)}=x`, ['a'.repeat(40)]],
    [`listo_session_${'a'.repeat(41)}=x`, []],
    ['x_listo_session_demo=x', []],
    ['a=listo_session_demo', []],
    ['__Host-listo_session_demo=x', []],
  ])('of %j are %j', (header, instances) => {
    expect(instancesInCookies(header, HTTP)).toEqual(instances);
  });

  it('are those of cookies with the prefix, where the issuer is https', () => {
    const header = 'listo_session_demo=x; __Host-listo_session_acme=y; __Host-listo_session_acme.sig=z';
    expect(instancesInCookies(header, HTTPS)).toEqual(['acme']);
  });

  it('are fifty at most, because each takes a look', () => {
    const header = Array.from({ length: 60 }, (_, n) => `listo_session_i${n}=x`).join('; ');
    expect(instancesInCookies(header, HTTP)).toEqual(Array.from({ length: 50 }, (_, n) => `i${n}`));
  });
});
