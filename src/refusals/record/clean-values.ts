import type { Values, Why } from '../../platform/errors.ts';
import { logReason, logText } from '../../platform/log/log-text.ts';
import { nearestName } from '../../platform/nearest-name.ts';
import type { Refused } from '../refused.ts';

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
const LONGEST_ID = 100;
const LONGEST_NAME = 40;
const LONGEST = 4000;

/** A refusal, as others may read it, and as Postgres can: one row that it cannot read would take others with it. */
export function clean(refused: Refused): Refused {
  const { requestId, endpoint, clientId, instanceId, error, why } = refused;
  return {
    ...refused,
    requestId: logText(requestId),
    endpoint: logText(endpoint),
    clientId: clientId && logText(clientId),
    // It may come from the address of a page.
    instanceId: instanceId && logText(instanceId.slice(0, LONGEST_ID)),
    error: logText(error),
    why: why && { reason: logText(why.reason), ...cleanValues(why) },
  };
}

/**
 * The values of a refusal, as others may read them: of a bounded length, without control characters and e-mail addresses.
 * A long word that came and that resembles nothing registered may be a secret in the wrong place, so only its beginning stays.
 */
export function cleanValues({ came = {}, expected = {} }: Pick<Why, 'came' | 'expected'>): {
  came: Values;
  expected: Values;
} {
  const registered = cleaned(expected, logText);
  const known = Object.values(registered).flat();
  const words = known.flatMap((text) => text.match(/[\w-]+/g) ?? []);
  const isKnown = (word: string) =>
    known.some((text) => text.includes(word)) || nearestName(word, words) !== undefined;
  return { came: cleaned(came, (text) => logReason(text, isKnown)), expected: registered };
}

function cleaned(values: Values, clean: (text: string) => string): Values {
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
        .map((text) => clean(String(text)))
        .filter(fits);
      const [text] = texts;
      if (text === undefined && typeof value === 'string') return [];
      return [[logText(name.slice(0, LONGEST_NAME)), typeof value === 'string' ? (text ?? '') : texts]];
    });
  return Object.fromEntries(kept);
}
