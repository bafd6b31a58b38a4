/** A discovery document whose members have types that the standard does not have. */
export class MetadataUnusable extends Error {
  readonly members: readonly string[];

  constructor(members: readonly string[]) {
    super(`The provider's metadata cannot be used: ${members.join(', ')}.`);
    this.name = 'MetadataUnusable';
    this.members = members;
  }
}
