/**
 * Replaces members of one of the library's classes with ours. Without the check, a release of the library that
 * renames a member would silently restore its own behaviour.
 * @throws Error at the start of the server, when `target` has no such member.
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
