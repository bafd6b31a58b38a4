import { nameOf } from '../../../src/authentication/passkey/names.ts';
import { relyingPartyOf } from '../../../src/authentication/passkey/relying-party.ts';

const NOBODYS = '00000000-0000-0000-0000-000000000000';

describe('the first name of a passkey', () => {
  it.each([
    ['fbfc3007-154e-4ecc-8c0b-6e020557d7bd', ['internal'], 'Apple Passwords'],
    [NOBODYS, ['usb', 'nfc'], 'Security key'],
    [NOBODYS, ['internal', 'hybrid'], 'Safari on an iPhone'],
    [NOBODYS, [], 'Passkey'],
  ])('follows from its keeper %s and %j: %s', (aaguid, transports, name) => {
    expect(nameOf({ aaguid, transports, device: 'Safari on an iPhone' }, [])).toBe(name);
  });

  it('is plain where the browser does not say what it is', () => {
    expect(nameOf({ aaguid: NOBODYS, transports: ['internal'], device: undefined }, [])).toBe('Passkey');
  });

  it('is none that its owner has', () => {
    const key = { aaguid: NOBODYS, transports: ['usb'], device: undefined };
    expect(nameOf(key, ['Security key', 'Security key 3'])).toBe('Security key 2');
  });
});

describe('the relying party', () => {
  it.each([
    ['https://id.listo.example', 'id.listo.example', true],
    ['https://id.listo.example:8443', 'id.listo.example', true],
    ['http://localhost:3000', 'localhost', true],
    ['http://127.0.0.1:3000', '127.0.0.1', false],
    ['http://[::1]:3000', '[::1]', false],
  ])('of %s is %s; usable: %j', (issuer, id, usable) => {
    expect(relyingPartyOf(issuer)).toEqual({ id, origin: issuer, usable });
  });
});
