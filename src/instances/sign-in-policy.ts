/** off: never asked. optional: asked of people who have one. required: of everybody. */
export type Requirement = 'off' | 'optional' | 'required';

/** Which factors a sign-in needs. */
export interface Policy {
  secondFactor: Requirement;
  passkeys: Requirement;
}

/** The instance decides where the client has no requirement of its own. */
export function policyOf(
  instance: Policy,
  client: { secondFactor: Requirement | null; passkeys: Requirement | null },
): Policy {
  return {
    secondFactor: client.secondFactor ?? instance.secondFactor,
    passkeys: client.passkeys ?? instance.passkeys,
  };
}
