/** Every id of ours has this form: of a person, client, grant, session or token. */
const IDENTIFIER = /^[!-~]{1,255}$/;

/** Whether a claim can name something of ours. A signature does not say so, and the database takes no other text. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value);
}
