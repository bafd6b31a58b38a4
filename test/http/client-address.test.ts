import { addressReader, forwardedAddress, isPrivate } from '../../src/http/records/client-address.ts';
import { canonicalAddress } from '../../src/platform/network/addresses.ts';

describe('an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['0000:0000:0000:0000:0000:FFFF:CB00:7107', '203.0.113.7'],
    ['::ffff:203.0.113.7%eth0', '203.0.113.7'],
    ['64:ff9b::203.0.113.7', '203.0.113.7'],
    ['64:FF9B:0:0:0:0:cb00:7107', '203.0.113.7'],
    ['64:ff9b::7', '0.0.0.7'],
    ['64:ff9b::', '0.0.0.0'],
    ['64:ff9b::1:0:0', '64:ff9b::1:0:0'],
    ['::203.0.113.7', '203.0.113.7'],
    ['0:0:0:0:0:0:cb00:7107', '203.0.113.7'],
    ['::ffff:0:203.0.113.7', '203.0.113.7'],
    ['::FFFF:0:cb00:7107', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['::', '::'],
  ])('has one spelling: %s is %s', (text, address) => {
    expect(canonicalAddress(text)).toBe(address);
  });

  it.each([
    '',
    'unknown',
    '203.0.113',
    '203.0.113.007',
    '203.0.113.7:80',
    '[::1]',
    '::ffff:203.0.113.256',
    '%',
  ])('is none: %j', (text) => expect(canonicalAddress(text)).toBeUndefined());

  it.each([
    ['10.1.2.3', true],
    ['172.31.0.1', true],
    ['172.32.0.1', false],
    ['127.0.0.1', true],
    ['::1', true],
    ['fd00::1', true],
    ['fe80::1', true],
    ['2001:db8::1', false],
    ['203.0.113.7', false],
    ['', false],
  ])('is private or not: %s, %s', (address, expected) => expect(isPrivate(address)).toBe(expected));
});

describe('an entry of X-Forwarded-For', () => {
  it.each([
    [' 203.0.113.7 ', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['"[2001:DB8::1]:443"', '2001:db8::1'],
    ['"203.0.113.7"', '203.0.113.7'],
    ['[fe80::1%eth0]:80', 'fe80::1'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
  ])('may carry a port, brackets and quotes: %s', (entry, address) => {
    expect(forwardedAddress(entry)).toBe(address);
  });

  it.each([
    'unknown',
    '_hidden',
    '203.0.113.7:',
    '203.0.113.7:123456',
    '203.0.113.7:80:80',
    '[203.0.113.7]:80',
    '[2001:db8::1',
    '2001:db8::1]:443',
    '[]',
    '""',
    '<script>',
  ])('may be no address: %s', (entry) => expect(forwardedAddress(entry)).toBeUndefined());
});

describe('the client', () => {
  const read = addressReader(['10.0.0.0/8', '::ffff:192.0.2.7', '::ffff:172.16.0.0/108', 'fd00::/8']);

  it.each([
    ['203.0.113.7', '198.51.100.1', { address: '203.0.113.7', throughProxy: false, unreadable: false }],
    ['10.0.0.1', '', { address: '10.0.0.1', throughProxy: true, unreadable: false }],
    ['10.0.0.1', '203.0.113.7:51234', { address: '203.0.113.7', throughProxy: true, unreadable: false }],
    ['::ffff:10.0.0.1', '203.0.113.7', { address: '203.0.113.7', throughProxy: true, unreadable: false }],
    [
      '::FFFF:0a00:0001',
      '[::ffff:203.0.113.7]:1',
      { address: '203.0.113.7', throughProxy: true, unreadable: false },
    ],
    ['192.0.2.7', '203.0.113.7', { address: '203.0.113.7', throughProxy: true, unreadable: false }],
    ['172.31.0.1', '203.0.113.7', { address: '203.0.113.7', throughProxy: true, unreadable: false }],
    ['172.32.0.1', '203.0.113.7', { address: '172.32.0.1', throughProxy: false, unreadable: false }],
    ['fd00::5', '2001:DB8:0::1', { address: '2001:db8::1', throughProxy: true, unreadable: false }],
    [
      '10.0.0.1',
      '1.1.1.1, 203.0.113.7, 10.0.0.2:80',
      { address: '203.0.113.7', throughProxy: true, unreadable: false },
    ],
    ['10.0.0.1', '203.0.113.7, unknown', { address: '10.0.0.1', throughProxy: true, unreadable: true }],
    [
      '10.0.0.1',
      '203.0.113.7, unknown, 10.0.0.9',
      { address: '10.0.0.9', throughProxy: true, unreadable: true },
    ],
    ['10.0.0.1', '203.0.113.7,', { address: '10.0.0.1', throughProxy: true, unreadable: true }],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', { address: '10.0.0.3', throughProxy: true, unreadable: false }],
    ['', '203.0.113.7', { address: '', throughProxy: false, unreadable: false }],
  ])('behind %s with X-Forwarded-For %j is %j', (peer, forwardedFor, origin) => {
    expect(read(peer, forwardedFor)).toEqual(origin);
  });

  it('may be found behind a network of all addresses', () => {
    expect(addressReader(['0.0.0.0/0'])('::ffff:198.51.100.1', '203.0.113.7').address).toBe('203.0.113.7');
    expect(addressReader(['::/0'])('2001:db8::1', '203.0.113.7').address).toBe('203.0.113.7');
  });
});
