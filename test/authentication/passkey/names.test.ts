import { nameOf } from '../../../src/authentication/passkey/names.ts';
import { relyingPartyOf } from '../../../src/authentication/passkey/relying-party.ts';

const NOBODYS = '00000000-0000-0000-0000-000000000000';

describe('the first name of a passkey', () => {
  it.each([
    ['fbfc3007-154e-4ecc-8c0b-6e020557d7bd', ['internal'], 'Apple Passwords'],
    [NOBODYS, ['usb', 'nfc'], 'Security key'],
    [NOBODYS, ['internal', 'hybrid'], 'This device'],
    [NOBODYS, [], 'Passkey'],
  ])('follows from its keeper %s and %j: %s', (aaguid, transports, name) => {
    expect(nameOf({ aaguid, transports }, [])).toBe(name);
  });

  it('is none that its owner has', () => {
    const key = { aaguid: NOBODYS, transports: ['usb'] };
    expect(nameOf(key, ['Security key', 'Security key 3'])).toBe('Security key 2');
  });
});

describe('the relying party', () => {
  it.each([
    ['https://id.listo.example', { id: 'id.listo.example', origin: 'https://id.listo.example' }],
    ['https://id.listo.example:8443', { id: 'id.listo.example', origin: 'https://id.listo.example:8443' }],
    ['http://localhost:3000', { id: 'localhost', origin: 'http://localhost:3000' }],
    ['http://127.0.0.1:3000', undefined],
    ['http://[::1]:3000', undefined],
  ])('of %s is %j', (issuer, relyingParty) => {
    expect(relyingPartyOf(issuer)).toEqual(relyingParty);
  });
});
