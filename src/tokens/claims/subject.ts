/** OpenID Connect Core section 2 allows a `sub` of 255 characters. No character may break a line or a log. */
const SUBJECT = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u;

/** Whether a value can be the `sub` of a token. */
export function isSubject(value: unknown): value is string {
  return typeof value === 'string' && SUBJECT.test(value) && value.trim() !== '';
}
