import { createRefreshTokenCodec } from '../../src/tokens/refresh-token-value.ts';

const KEY = 'a-key-of-at-least-thirty-two-characters-1';
const OTHER_KEY = 'a-key-of-at-least-thirty-two-characters-2';
const ISSUER = 'https://login.example';
const FAMILY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

const codec = createRefreshTokenCodec({ keys: [KEY], issuer: ISSUER });

describe('a refresh token', () => {
  it('is family, sequence and mac, the same each time', () => {
    const token = codec.encode({ family: FAMILY, sequence: 7 }, 'client_a');
    expect(token).toMatch(/^AAECAwQFBgcICQoLDA0ODw\.7\.[A-Za-z0-9_-]{43}$/);
    expect(codec.encode({ family: FAMILY, sequence: 7 }, 'client_a')).toBe(token);
    expect(codec.decode(token, 'client_a')).toEqual({ family: FAMILY, sequence: 7 });
  });

  it('names a new family with 128 random bits', () => {
    const [one, other] = [codec.newFamily(), codec.newFamily()];
    expect(one).toEqual({ family: expect.any(Buffer), sequence: 0 });
    expect(one.family).toHaveLength(16);
    expect(one.family.equals(other.family)).toBe(false);
  });

  it('is recognised while any key that signed is among the keys', () => {
    const old = codec.encode({ family: FAMILY, sequence: 1 }, 'client_a');
    const rotated = createRefreshTokenCodec({ keys: [OTHER_KEY, KEY], issuer: ISSUER });
    expect(rotated.decode(old, 'client_a')).toEqual({ family: FAMILY, sequence: 1 });
    expect(rotated.encode({ family: FAMILY, sequence: 1 }, 'client_a')).not.toBe(old);
  });

  describe('is refused', () => {
    const token = codec.encode({ family: FAMILY, sequence: 7 }, 'client_a');
    const [family = '', sequence = '', mac = ''] = token.split('.');
    const change = (text: string) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`;

    it.each([
      ['with another family', `BAECAwQFBgcICQoLDA0ODw.${sequence}.${mac}`],
      ['with another sequence', `${family}.8.${mac}`],
      ['with another mac', `${family}.${sequence}.B${mac.slice(1)}`],
      ['with another spelling of the same family', `${change(family)}.${sequence}.${mac}`],
      ['with a leading zero in its sequence', `${family}.07.${mac}`],
      ['with a negative sequence', `${family}.-7.${mac}`],
      ['with a sequence beyond what can be', `${family}.9999999999.${mac}`],
      ['without a mac', `${family}.${sequence}`],
      ['with something behind it', `${token}.x`],
      ['when it is empty', ''],
      ['when it is a JWT', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'],
    ])('%s', (_what, text) => {
      expect(codec.decode(text, 'client_a')).toBeUndefined();
    });

    it('for another client', () => {
      expect(codec.decode(token, 'client_b')).toBeUndefined();
    });

    it('of another environment, which has the same keys', () => {
      const elsewhere = createRefreshTokenCodec({ keys: [KEY], issuer: 'https://login.demo.example' });
      expect(elsewhere.decode(token, 'client_a')).toBeUndefined();
    });

    it('once its key has gone', () => {
      expect(
        createRefreshTokenCodec({ keys: [OTHER_KEY], issuer: ISSUER }).decode(token, 'client_a'),
      ).toBeUndefined();
    });
  });
});
