import { randomBytes } from 'node:crypto';
import { OperatorError } from '../../../src/platform/errors.ts';
import { createBoxFor, createSecretBox } from '../../../src/platform/secrets/secret-box.ts';

describe('a secret box', () => {
  const key = randomBytes(32);
  const box = createSecretBox([key]);
  const sealed = box.seal('a secret', 'its place');
  const [name, version, id, nonce = '', ciphertext, tag = ''] = sealed.split(':');
  const withTag = (bytes: number) =>
    [
      name,
      version,
      id,
      nonce,
      ciphertext,
      Buffer.from(tag, 'base64url').subarray(0, bytes).toString('base64url'),
    ].join(':');

  it('opens what it sealed, with the tag as it was', () => {
    expect(withTag(16)).toBe(sealed);
    expect(box.open(sealed, 'its place')).toBe('a secret');
  });

  it.each([15, 12, 8, 4, 0])('opens nothing whose tag was cut to %i bytes, which can be guessed', (bytes) => {
    expect(() => box.open(withTag(bytes), 'its place')).toThrow(OperatorError);
  });

  it('opens nothing with more parts, or with a nonce of another length', () => {
    const longer = Buffer.concat([Buffer.from(nonce, 'base64url'), Buffer.from([0])]).toString('base64url');
    expect(() => box.open(`${sealed}:more`, 'its place')).toThrow(OperatorError);
    expect(() => box.open([name, version, id, longer, ciphertext, tag].join(':'), 'its place')).toThrow(
      'is not a sealed value',
    );
  });

  it('of one purpose opens nothing that another one sealed', () => {
    const own = createBoxFor('one purpose', [key]);
    expect(own.open(own.seal('x', 'p'), 'p')).toBe('x');
    expect(() => own.open(sealed, 'its place')).toThrow(OperatorError);
    expect(() => createBoxFor('another', [key]).open(own.seal('x', 'p'), 'p')).toThrow(OperatorError);
    expect(() => box.open(own.seal('x', 'p'), 'p')).toThrow(OperatorError);
  });
});
