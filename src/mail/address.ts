/** RFC 5321 section 4.5.3.1.3, without the brackets. */
const LONGEST = 254;

/**
 * Says why a text is no e-mail address to which anything may be sent; undefined when nothing is wrong. A line break, or
 * any other character that nobody sees, could end a header or a command of a mail and begin another.
 */
export function addressMistake(text: string): string | undefined {
  if (text === '') return 'Enter an email address.';
  if (text.length > LONGEST) return `An email address has ${LONGEST} characters at most.`;
  if (/[\p{C}\p{Z}<>"(),:;\\[\]]/u.test(text) || !/^[^@]+@[^@]+$/.test(text))
    return 'That is not an email address. It looks like name@example.com.';
  return undefined;
}
