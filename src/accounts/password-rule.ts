import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ZxcvbnFactory } from '@zxcvbn-ts/core';

const SHORTEST = 8;
const LONGEST = 128;
/** No character in NFC has more UTF-16 code units before, so a longer text need not be normalized to be too long. */
const UNITS_OF_CHARACTER = 8;
/** With 20 guesses a minute, as many take nine years. Eight random characters count as this many. */
const GUESSES = 1e8;
/** An attacker who tries a character at every place has so many times more to guess. */
const GUESSES_OF_CHARACTER = 10;
/** Judging time grows faster than the length, so only this many characters are judged. */
const JUDGED = 32;
/** Words that an attacker tries first at this service (ASVS 6.2.11), whatever the person is called. */
const SERVICE_WORDS = ['listo', 'listnr', 'identity', 'account', 'signin', 'login', 'password'];

/**
 * Says why a new password is refused, in a sentence that does not repeat it; undefined when nothing is wrong. A password
 * has 8 to 128 characters of any kind. It is hard to guess, even if the attacker knows the service and the person, and
 * writes a common password with spaces, signs or accents in it. `about`: the person's address, name and organisation.
 */
export async function mistakeOfPassword(
  password: string,
  { about = [] }: { about?: readonly string[] } = {},
): Promise<string | undefined> {
  if (password.length > LONGEST * UNITS_OF_CHARACTER)
    return `The password is longer than ${LONGEST} characters.`;
  // Characters are counted as they are hashed, in NFC (platform/secrets/digest.ts).
  const { length } = [...password.normalize('NFC')];
  if (length < SHORTEST) return `The password has ${length} characters; it needs ${SHORTEST} or more.`;
  if (length > LONGEST) return `The password has ${length} characters; it may have ${LONGEST} at most.`;

  judging ??= loadJudge();
  const judge = await judging;
  const common = judge.check(password);
  if (common.guesses < GUESSES) return `The password is too easy to guess. ${adviceOf(common.feedback)}`;
  // Other requests have a turn before each further check, which may take a tenth of a second.
  await nextTurn();
  const { bare, dropped } = bareForm(password);
  const needed = GUESSES / GUESSES_OF_CHARACTER ** dropped;
  if (judge.check(bare).guesses < needed)
    return 'The password is too easy to guess. Without its spaces, signs and accents it is a common one. Add more words that are less common.';
  await nextTurn();
  const words = wordsOf([...SERVICE_WORDS, ...about]);
  if (judge.check(without(words, bare), words).guesses < needed)
    return 'The password is too easy to guess, because most of it is a word of this service or of the person. Add words that belong to neither.';
  return undefined;
}

let judging: Promise<ZxcvbnFactory> | undefined;

/** The dictionaries take 65 MB and half a second, so only a process that judges a password loads them. */
async function loadJudge(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  return new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
    maxLength: JUDGED,
  });
}

function adviceOf({ warning, suggestions }: { warning: string | null; suggestions: string[] }): string {
  return [warning, suggestions[0] ?? 'Use a longer one: several words that do not belong together.']
    .filter(Boolean)
    .join(' ');
}

/** The letters and digits of a password in their plain forms, and how many other characters it has, each counted once. */
function bareForm(password: string): { bare: string; dropped: number } {
  const plain = password.normalize('NFKD').toLowerCase();
  const others = plain.match(/[^\p{L}\p{N}]/gu) ?? [];
  return { bare: plain.replaceAll(/[^\p{L}\p{N}]/gu, ''), dropped: new Set(others).size };
}

/** The words in some texts, in their plain forms; shorter ones are found by chance in any password. */
function wordsOf(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{M}\p{N}]+/u))
    .map((word) => bareForm(word).bare)
    .filter(({ length }) => length > 3);
}

/** The rest of a password, once the attacker knows these words. */
function without(words: readonly string[], bare: string): string {
  const longestFirst = words.toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, word) => rest.replaceAll(word, ''), bare);
}
