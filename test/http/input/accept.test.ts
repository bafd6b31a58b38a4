import { prefers } from '../../../src/http/input/accept.ts';

const JWT = 'application/token-introspection+jwt';
const JSON_TYPE = 'application/json';

describe('a request asks for a type in its Accept header', () => {
  it.each([
    JWT,
    'Application/Token-Introspection+JWT',
    ` ${JWT} `,
    `${JWT};q=1`,
    `${JWT} ; q=0.001`,
    `${JWT}; version=1`,
    `${JWT}, */*`,
    `*/*, ${JWT}`,
    `text/html, ${JWT};q=0.1, */*;q=0.9`,
    `${JWT}, ${JSON_TYPE}`,
    `${JSON_TYPE};q=0.9, ${JWT}`,
    `${JSON_TYPE};q=0, ${JWT};q=0.2`,
    `${JSON_TYPE};q=2, ${JWT};q=0.2`,
    `,, ${JWT},`,
  ])('%s', (accept) => {
    expect(prefers(accept, JWT, JSON_TYPE)).toBe(true);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/*',
    JSON_TYPE,
    'application/jwt',
    `${JWT}s`,
    `x${JWT}`,
    `"${JWT}"`,
    `${JWT};q=0`,
    `${JWT};q=0.000`,
    `${JWT};q=`,
    `${JWT};q=-1`,
    `${JWT};q=1.5`,
    `${JWT};q=0.1234`,
    `${JWT};q=1e-1`,
    `${JWT};q=0x1`,
    `${JWT};q=NaN`,
    `${JSON_TYPE}, ${JWT}`,
    `${JWT};q=0.5, ${JSON_TYPE};q=0.6`,
    `text/plain; a="${JWT}"`,
  ])('not with %s', (accept) => {
    expect(prefers(accept, JWT, JSON_TYPE)).toBe(false);
  });
});
