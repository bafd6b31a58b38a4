/** So much of what may be a secret in the wrong place is shown, to recognize it by. */
export const BEGINNING = 8;
const LONGEST_TEXT = 300;
/** In text that may repeat what was sent: so long a word with a digit is no word, but may be a secret. */
const RANDOM_WORD = /(?=[A-Za-z_-]*\d)[\w-]{32,}/g;
/** Text that has nothing to hide and nothing to clean: the names of clients, people and grants. */
const CLEAN = /^[\w.:~-]{0,64}$/;

/** Text that others read: one line, of a bounded length, without what changes how they read it. E-mail addresses are hidden. */
export function logText(text: string): string {
  if (CLEAN.test(text)) return text;
  return text
    .slice(0, LONGEST_TEXT)
    .replaceAll(/[^\s@"'<>(),;]+@[^\s@"'<>(),;]+/g, '?@?')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

/** The same, without what may be a secret in the wrong place, unless it `isKnown`. */
export function logReason(text: string, isKnown: (word: string) => boolean = () => false): string {
  return logText(text).replaceAll(RANDOM_WORD, (word) =>
    isKnown(word) ? word : `${word.slice(0, BEGINNING)}...`,
  );
}
