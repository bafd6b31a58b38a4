import type { Values, Why } from '../platform/errors.ts';
import { logReason, logText } from '../platform/log/log-text.ts';

/** Parameters whose values are a secret, stand for one, or name a person. Nobody may give them; here nobody can. */
const NEVER = new Set([
  'access_token',
  'actor_token',
  'assertion',
  'authorization',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  'csrf',
  'device_code',
  'dpop',
  'id_token_hint',
  'login_hint',
  'logout_hint',
  'password',
  'refresh_token',
  'request',
  'subject_token',
  'token',
  'user_code',
  'username',
]);
const MOST_NAMES = 12;
const MOST_OF_LIST = 20;
/** In characters. */
const LONGEST_NAME = 40;
const LONGEST = 4000;

/**
 * The values of a refusal, as others may read them: of a bounded length, without control characters and e-mail addresses.
 * A long word that came and that nobody registered may be a secret in the wrong place, so only its beginning stays.
 */
export function cleanValues({ came = {}, expected = {} }: Pick<Why, 'came' | 'expected'>): {
  came: Values;
  expected: Values;
} {
  const registered = clean(expected, logText);
  const known = Object.values(registered).flat().join(' ');
  return {
    came: clean(came, (text) => logReason(text, (word) => known.includes(word))),
    expected: registered,
  };
}

function clean(values: Values, cleaned: (text: string) => string): Values {
  let left = LONGEST;
  const fits = (text: string) => {
    left -= text.length;
    return left >= 0;
  };
  const kept = Object.entries(values)
    .slice(0, MOST_NAMES)
    .filter(([name]) => !NEVER.has(name.toLowerCase()))
    .flatMap(([name, value]): [string, string | string[]][] => {
      const texts = [value]
        .flat()
        .slice(0, MOST_OF_LIST)
        .map((text) => cleaned(String(text)))
        .filter(fits);
      const [text] = texts;
      if (text === undefined && typeof value === 'string') return [];
      return [[logText(name).slice(0, LONGEST_NAME), typeof value === 'string' ? (text ?? '') : texts]];
    });
  return Object.fromEntries(kept);
}
