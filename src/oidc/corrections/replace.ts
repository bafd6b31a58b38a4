/**
 * Puts members of ours in the place of members of one of the library's classes. A release of the library that renames
 * one of them would otherwise bring its own behaviour back without a word.
 * @throws Error, when the server starts, where `target` has no such member.
 */
export function replace(target: object, members: object): void {
  for (const name of Object.keys(members)) {
    if (!(name in target))
      throw new Error(`oidc-provider has no member "${name}" to replace (${nameOf(target)}).`);
  }
  Object.assign(target, members);
}

function nameOf(target: object): string {
  return typeof target === 'function' ? target.name : `${target.constructor.name}.prototype`;
}
