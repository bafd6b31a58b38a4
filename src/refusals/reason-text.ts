/** Explains a reason. */
export interface ReasonText {
  /** Says what is wrong, in one sentence that fits every request with this reason. */
  sentence: string;
  /** Says what mends it, and who does that: the developer of the client, whoever registered it, or the person. */
  remedy: string;
  /** The reason that the client is told instead, where this one would tell it of others. Operators read this one. */
  clientReads?: string;
}
