import type { Factors } from '../../src/accounts/factor-store.ts';
import type { Method, Proof } from '../../src/authentication/proof.ts';
import { isEnough, type NewFactor, nextStep, type Wanted } from '../../src/authentication/steps.ts';
import type { Policy } from '../../src/instances/sign-in-policy.ts';

const MFA = ['mfa'];
/** `!`: too long ago for changes of one's own factors. */
const proofs = (names: string): Proof[] =>
  names
    .split(' ')
    .filter((name) => name !== '')
    .map((name) =>
      name === 'upstream+mfa'
        ? { method: 'upstream', at: 1, amr: MFA }
        : { method: name.replace('!', '') as Method, at: 1, ...(name.endsWith('!') ? { stale: true } : {}) },
    );

const factors = (names: string): Factors => ({
  password: true,
  totp: names.includes('totp'),
  passkeys: names.includes('passkey') ? 1 : 0,
  recoveryCodes: names.includes('codes') ? 10 : 0,
});

/** `second factor/passkeys`. */
const policy = (text: string): Policy => {
  const [secondFactor, passkeys] = text.split('/') as [Policy['secondFactor'], Policy['passkeys']];
  return { secondFactor, passkeys };
};

const inWords = (step: ReturnType<typeof nextStep>): string =>
  [step.step, ...('by' in step ? step.by : []), ...('kinds' in step ? step.kinds : [])].join(' ');

describe('the step that is due', () => {
  it.each<[proven: string, has: string, policy: string, wanted: Wanted, due: string]>([
    ['', '', 'optional/optional', 'any', 'identify'],
    ['', 'totp passkey', 'required/required', 'required', 'identify'],
    ['otp', 'totp', 'optional/optional', 'any', 'identify'],
    ['recovery', 'totp codes', 'required/optional', 'any', 'identify'],
    // Optional: those are asked who have something.
    ['pwd', '', 'optional/optional', 'any', 'done'],
    ['pwd', 'codes', 'optional/optional', 'any', 'done'],
    ['upstream', '', 'optional/optional', 'any', 'done'],
    ['pwd', 'totp', 'optional/optional', 'any', 'second_factor otp'],
    ['pwd', 'totp codes', 'optional/optional', 'any', 'second_factor otp recovery'],
    ['upstream', 'totp codes', 'optional/optional', 'any', 'second_factor otp recovery'],
    ['pwd', 'totp passkey codes', 'optional/optional', 'any', 'second_factor otp passkey recovery'],
    ['pwd', 'passkey', 'optional/optional', 'any', 'second_factor passkey'],
    ['pwd', 'passkey', 'optional/off', 'any', 'done'],
    ['pwd otp', 'totp codes', 'optional/optional', 'any', 'done'],
    ['pwd recovery', 'totp codes', 'optional/optional', 'any', 'done'],
    ['passkey', 'totp passkey codes', 'optional/optional', 'any', 'done'],
    ['upstream+mfa', 'totp codes', 'optional/optional', 'any', 'done'],
    // Off: nobody is asked.
    ['pwd', 'totp passkey codes', 'off/optional', 'any', 'done'],
    ['pwd', 'totp passkey codes', 'off/off', 'any', 'done'],
    // Required: everybody, and who has nothing sets something up.
    ['pwd', '', 'required/optional', 'any', 'set_up_factor totp passkey'],
    ['pwd', '', 'required/off', 'any', 'set_up_factor totp'],
    ['pwd', 'codes', 'required/off', 'any', 'set_up_factor totp'],
    ['pwd', 'totp codes', 'required/optional', 'any', 'second_factor otp recovery'],
    ['pwd otp', 'totp', 'required/optional', 'any', 'done'],
    ['passkey', 'passkey', 'required/optional', 'any', 'done'],
    ['upstream', '', 'required/optional', 'any', 'set_up_factor totp passkey'],
    ['upstream+mfa', '', 'required/optional', 'any', 'done'],
    // A passkey must take part. A person who lost it proves a recovery code, and registers another.
    ['pwd', '', 'optional/required', 'any', 'set_up_factor passkey'],
    ['pwd', 'totp codes', 'optional/required', 'any', 'second_factor otp recovery'],
    ['pwd otp', 'totp codes', 'optional/required', 'any', 'set_up_factor passkey'],
    ['pwd otp', 'totp', 'optional/required', 'any', 'set_up_factor passkey'],
    ['pwd', 'totp passkey codes', 'optional/required', 'any', 'second_factor passkey recovery'],
    ['pwd otp', 'totp passkey codes', 'optional/required', 'any', 'second_factor passkey recovery'],
    ['pwd recovery', 'totp passkey codes', 'optional/required', 'any', 'set_up_factor passkey'],
    ['pwd recovery passkey', 'passkey', 'optional/required', 'any', 'done'],
    ['pwd passkey', 'passkey', 'off/required', 'any', 'done'],
    ['pwd', 'passkey', 'off/required', 'any', 'second_factor passkey'],
    ['upstream+mfa', 'passkey', 'optional/required', 'any', 'second_factor passkey'],
    // The application prefers two factors: of those who have them.
    ['pwd', '', 'optional/optional', 'preferred', 'done'],
    ['pwd', 'totp', 'optional/optional', 'preferred', 'second_factor otp'],
    ['pwd', 'totp', 'off/off', 'preferred', 'done'],
    // The application needs two factors.
    ['pwd', '', 'optional/optional', 'required', 'set_up_factor totp passkey'],
    ['pwd', 'totp', 'optional/optional', 'required', 'second_factor otp'],
    // A person proves a factor before they set up another, also where its kind is off.
    ['pwd', 'totp', 'off/optional', 'required', 'second_factor otp'],
    ['pwd', 'totp codes', 'off/required', 'any', 'second_factor otp recovery'],
    ['pwd otp', 'totp codes', 'off/required', 'any', 'set_up_factor passkey'],
    ['pwd', 'passkey codes', 'required/off', 'any', 'second_factor passkey recovery'],
    ['passkey', 'passkey', 'required/off', 'any', 'done'],
    // Nor does anybody with an old session alone, or a stolen one.
    ['pwd!', '', 'required/optional', 'any', 'identify'],
    ['pwd! otp!', 'totp codes', 'optional/required', 'any', 'second_factor otp recovery'],
    ['pwd otp!', 'totp', 'optional/required', 'any', 'second_factor otp'],
    ['pwd! otp', 'totp', 'optional/required', 'any', 'set_up_factor passkey'],
    ['pwd', 'totp passkey', 'off/optional', 'required', 'second_factor passkey'],
    ['pwd', 'totp', 'off/off', 'required', 'impossible'],
    ['pwd otp', 'totp', 'off/off', 'required', 'done'],
    // The account's own pages want the strongest factor that there is.
    ['pwd', '', 'optional/optional', 'strongest', 'done'],
    ['pwd', 'totp', 'optional/optional', 'strongest', 'second_factor otp'],
    ['pwd otp', 'totp passkey codes', 'optional/optional', 'strongest', 'second_factor passkey recovery'],
    ['pwd recovery', 'totp passkey codes', 'optional/optional', 'strongest', 'done'],
    ['pwd otp', 'totp passkey', 'optional/off', 'strongest', 'done'],
    ['pwd', 'totp codes', 'off/optional', 'strongest', 'second_factor otp recovery'],
    ['pwd', 'passkey', 'off/off', 'strongest', 'second_factor passkey'],
    ['upstream+mfa', 'totp', 'optional/optional', 'strongest', 'second_factor otp'],
    ['upstream!', '', 'optional/optional', 'strongest', 'identify'],
    ['upstream! otp!', 'totp', 'optional/optional', 'strongest', 'second_factor otp'],
    ['upstream! otp', 'totp', 'optional/optional', 'strongest', 'done'],
  ])('proven [%s], has [%s], policy %s, wanted %s: %s', (proven, has, rule, wanted, due) => {
    const step = nextStep({ proven: proofs(proven), factors: factors(has), policy: policy(rule), wanted });
    expect(inWords(step)).toBe(due);
  });
});

describe('whether a session does, without a look at what else its person has', () => {
  it.each<[proven: string, asked: NewFactor[], policy: string, wanted: Wanted, enough: boolean]>([
    ['pwd', ['totp', 'passkey'], 'optional/optional', 'any', true],
    ['pwd', ['totp'], 'optional/optional', 'any', false],
    ['pwd', ['totp'], 'optional/off', 'any', true],
    ['pwd', [], 'optional/optional', 'any', false],
    ['pwd', [], 'off/optional', 'any', true],
    ['pwd', ['totp', 'passkey'], 'required/optional', 'any', false],
    ['pwd', ['totp', 'passkey'], 'optional/optional', 'preferred', false],
    ['pwd otp', [], 'required/optional', 'required', true],
    ['pwd otp', [], 'required/required', 'any', false],
    ['passkey', [], 'required/required', 'any', true],
    ['passkey', [], 'optional/optional', 'strongest', false],
    ['otp', ['totp', 'passkey'], 'off/off', 'any', false],
  ])('proven [%s], asked for %j, policy %s, wanted %s: %s', (proven, asked, rule, wanted, enough) => {
    expect(isEnough({ proven: proofs(proven), asked, policy: policy(rule), wanted })).toBe(enough);
  });

  it('and never is more than the steps of somebody without other factors would ask', () => {
    const rules = ['off', 'optional', 'required'];
    for (const rule of rules.flatMap((first) => rules.map((second) => `${first}/${second}`)))
      for (const proven of ['', 'pwd', 'otp', 'pwd otp', 'passkey', 'upstream', 'upstream+mfa'])
        for (const wanted of ['any', 'preferred', 'required'] as const) {
          const situation = { proven: proofs(proven), policy: policy(rule), wanted };
          if (isEnough({ ...situation, asked: ['totp', 'passkey'] }))
            expect(nextStep({ ...situation, factors: factors('') }).step).toBe('done');
        }
  });
});
