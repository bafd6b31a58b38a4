import { amrOf, proofsFromAmr } from '../../src/authentication/proof.ts';

const at = 7;

it.each([
  [['pwd'], ['pwd']],
  [
    ['pwd', 'otp'],
    ['pwd', 'otp', 'mfa'],
  ],
  [
    ['pwd', 'recovery'],
    ['pwd', 'mfa'],
  ],
  [['passkey'], ['pop', 'user', 'mfa']],
  [
    ['upstream', 'otp'],
    ['otp', 'mfa'],
  ],
  [['upstream'], undefined],
] as const)('a sign-in by %j has the amr %j', (methods, amr) => {
  expect(amrOf(methods.map((method) => ({ method, at })))).toEqual(amr);
});

it("repeats what the person's own provider says", () => {
  expect(amrOf([{ method: 'upstream', at, amr: ['fido'] }])).toEqual(['fido']);
  expect(
    amrOf([
      { method: 'upstream', at, amr: ['pwd'] },
      { method: 'otp', at },
    ]),
  ).toEqual(['pwd', 'otp', 'mfa']);
});

it.each([
  [undefined, [{ method: 'upstream', at }]],
  [['pwd'], [{ method: 'pwd', at }]],
  [
    ['pwd', 'otp', 'mfa'],
    [
      { method: 'pwd', at },
      { method: 'otp', at },
    ],
  ],
  [
    ['pwd', 'mfa'],
    [
      { method: 'pwd', at },
      { method: 'upstream', at, amr: ['mfa'] },
    ],
  ],
  [['pop', 'user', 'mfa'], [{ method: 'passkey', at }]],
  [['fido', 'mfa'], [{ method: 'upstream', at, amr: ['fido', 'mfa'] }]],
])('a session from before with the amr %j counts as %j', (amr, proofs) => {
  expect(proofsFromAmr(amr, at)).toEqual(proofs);
  expect(amrOf(proofsFromAmr(amr, at))).toEqual(amr);
});
