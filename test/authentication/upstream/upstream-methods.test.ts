import { methodsFrom } from '../../../src/authentication/upstream/upstream-methods.ts';

const many = Array.from({ length: 12 }, (_, n) => `m${n}`);

describe('the methods of a sign-in at a customer’s provider', () => {
  it.each<[unknown, string[] | undefined]>([
    [
      ['pwd', 'otp', 'mfa'],
      ['pwd', 'otp', 'mfa'],
    ],
    ['pwd', ['pwd']],
    [
      ['http://schemas.microsoft.com/claims/multipleauthn'],
      ['http://schemas.microsoft.com/claims/multipleauthn'],
    ],
    [['pwd', 'pwd'], ['pwd']],
    [['pwd', 7, null, '', 'a b', 'ü', 'x'.repeat(101), ['mfa'], { mfa: true }, 'mfa\n'], ['pwd']],
    [many, many.slice(0, 10)],
    [[], undefined],
    [['', 7], undefined],
    [undefined, undefined],
    [null, undefined],
    [true, undefined],
    [{ pwd: true }, undefined],
  ])('%j are %j', (amr, methods) => {
    expect(methodsFrom(amr)).toEqual(methods);
  });
});
