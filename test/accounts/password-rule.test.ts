import { mistakeOfPassword } from '../../src/accounts/password-rule.ts';

const ADA = ['ada@acme.example', 'Ada Lovelace', 'Acme'];
const EASY = 'The password is too easy to guess.';
const DRESSED =
  'The password is too easy to guess. Without its spaces, signs and accents it is a common one. Add more words that are less common.';
const KNOWN =
  'The password is too easy to guess, because most of it is a word of this service or of the person. Add words that belong to neither.';

describe('a new password', () => {
  it.each([
    ['kX8#mQ2z', 'eight random characters'],
    ['correct horse battery staple', 'words that do not belong together'],
    ['wuseltronenpark', 'a word of no dictionary'],
    ['пароль-на-лодке-42', 'letters of any alphabet'],
    ['k#8%mQ2z', 'eight random characters, two of them signs'],
    ['correct-horse-battery-staple', 'the same with hyphens'],
    ['Nächte über Ölfässern', 'words with accents'],
    ['😀🚲🍋🌧🎻🧊🦊🪁', 'eight characters outside the basic plane'],
    ['Lovelace likes 12 purple kites', 'a word of the person among many others'],
    ['kX8#mQ2z'.repeat(2) + ' '.repeat(112), '128 characters'],
  ])('is fine: %s (%s)', async (password) => {
    expect(await mistakeOfPassword(password, { about: ADA })).toBeUndefined();
  });

  it.each([
    ['kX8#mQ2', 'The password has 7 characters; it needs 8 or more.'],
    ['😀🚲🍋🌧🎻🧊🦊', 'The password has 7 characters; it needs 8 or more.'],
    // An e with an accent is one character, in either encoding.
    ['e\u0301kX8#mQ', 'The password has 7 characters; it needs 8 or more.'],
    [`${'kX8#mQ2z'.repeat(16)}!`, 'The password has 129 characters; it may have 128 at most.'],
    ['é'.repeat(1_000_000), 'The password is longer than 128 characters.'],
    ['password', EASY],
    ['12345678', EASY],
    ['Passw0rd!', EASY],
    ['qwertyuiop', EASY],
    ['zxcvbnm,./', EASY],
    ['hunter2hunter2', EASY],
    ['a'.repeat(128), EASY],
    ['pass word1', DRESSED],
    ['pass_word_1', DRESSED],
    ['p.a.s.s.w.o.r.d', DRESSED],
    ['sun shine 1', DRESSED],
    ['i love you 2', DRESSED],
    ['Summer-2026!', DRESSED],
    ['1-2-3-4-5-6-7-8', DRESSED],
    ['pässwörd1', DRESSED],
    ['ｐａｓｓｗｏｒｄ１', DRESSED],
    ['pass\u00a0word\u200b1', DRESSED],
    ['listo-identity', KNOWN],
    ['LISTO-Login-2026', KNOWN],
    ['ada.lovelace1815', KNOWN],
    ['Acme-Lovelace-1815', KNOWN],
    ['Love lace 1815', KNOWN],
    ['Lövelace_1815', KNOWN],
  ])('is refused with one sentence: %s', async (password, sentence) => {
    const mistake = await mistakeOfPassword(password, { about: ADA });
    expect(mistake?.slice(0, sentence.length)).toBe(sentence);
  });

  it('gets advice, and is not repeated', async () => {
    expect(await mistakeOfPassword('sunshine1')).toBe(
      'The password is too easy to guess. This is a commonly used password. Add more words that are less common.',
    );
  });

  it('is judged by the words of the person only where they are known', async () => {
    expect(await mistakeOfPassword('ada.lovelace1815')).toBeUndefined();
  });
});
