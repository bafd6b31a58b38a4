const SYNTAX = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/** Whether a text is a list of scopes (RFC 6749 section 3.3). */
export function isScopeList(text: string): boolean {
  return SYNTAX.test(text);
}
