import type { Refusal } from '../refusals/reasons.ts';

/** A request that is refused (RFC 6749 section 5.2). The message is the `error_description`. */
export class OAuthError extends Error {
  /** The `error` of the answer. */
  readonly code: string;
  /** Further members of the answer. */
  readonly members: Readonly<Record<string, string>>;
  /** The reason for the log. The client may learn less. */
  readonly detail: string;
  /** Why, for those who want to mend it. */
  readonly why: Refusal;

  constructor(
    code: string,
    description: string,
    {
      why,
      members = {},
      detail = description,
    }: { why: Refusal; members?: Record<string, string>; detail?: string },
  ) {
    super(description);
    this.name = 'OAuthError';
    this.code = code;
    this.members = members;
    this.detail = detail;
    this.why = why;
  }
}
