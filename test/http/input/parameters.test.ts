import { parseParameters, singleValue } from '../../../src/http/input/parameters.ts';

describe('form parameters', () => {
  it.each([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['&&a=1&', { a: '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a+b=c+d%20e%2B', { 'a b': 'c d e+' }],
    ['name=%C3%A9%F0%9F%98%80', { name: 'é😀' }],
    ['name=é', { name: 'é' }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['a%5Bb%5D=1', { 'a[b]': '1' }],
    ['a=%EF%BB%BFb', { a: '\ufeffb' }],
  ])('%j is %j', (text, expected) => {
    expect({ ...parseParameters(text) }).toEqual(expected);
  });

  it.each([
    ['a=%', 'The parameter a is not valid percent-encoded UTF-8.'],
    ['a=%4', 'The parameter a is not valid percent-encoded UTF-8.'],
    ['a=%ff', 'The parameter a is not valid percent-encoded UTF-8.'],
    ['a=%c0%80', 'The parameter a is not valid percent-encoded UTF-8.'],
    ['a=%ed%a0%80', 'The parameter a is not valid percent-encoded UTF-8.'],
    ['a=%00', 'The parameter a contains a NUL character.'],
    ['%ff=a', 'A parameter name is not valid percent-encoded UTF-8.'],
    ['%00=a', 'A parameter name contains a NUL character.'],
    ['%3Cscript%3E=%00', 'The parameter with an unusual name contains a NUL character.'],
  ])('refuses %j', (text, message) => {
    expect(() => parseParameters(text)).toThrow(
      expect.objectContaining({ status: 400, code: 'invalid_request', message }),
    );
  });

  it('are a hundred at most', () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, n) => `a${n % 7}=${n}`).join('&');
    expect(Object.keys(parseParameters(`&${pairs(100)}&&`))).toHaveLength(7);
    expect(() => parseParameters(pairs(101))).toThrow(
      expect.objectContaining({
        status: 400,
        code: 'invalid_request',
        message: 'The request has more than 100 parameters.',
      }),
    );
  });

  it('have no prototype to speak of', () => {
    const parameters = parseParameters('__proto__=a&constructor=b');
    expect(Object.keys(parameters)).toEqual(['__proto__', 'constructor']);
    expect(parameters.toString).toBeUndefined();
  });
});

describe('the single value of a parameter', () => {
  it.each([
    ['a=1', '1'],
    ['a=+', ' '],
    ['a=', undefined],
    ['a', undefined],
    ['b=1', undefined],
    ['a=1&a=2', undefined],
    ['a=1&a=1', undefined],
  ])('a in %j is %j', (text, value) => {
    expect(singleValue(parseParameters(text).a)).toBe(value);
  });
});
