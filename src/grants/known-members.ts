import type { Payload } from '../platform/time/payload-times.ts';

/**
 * Members that the payload of a code or a refresh family may have. A row with another member is bound to something
 * that this release does not know, so no statement matches it. A new member enters this list one release before the
 * first row has it.
 */
const KNOWN_MEMBERS = [
  'kind accountId clientId grantId sessionUid scope claims nonce acr amr authTime',
  'jkt gty iat exp iiat rotations expiresWithSession',
].flatMap((names) => names.split(' '));

/** SQL that holds while `payload` has no member but the known ones and `more`. */
export function hasOnlyKnownMembers(payload: string, more: readonly string[] = []): string {
  return `${payload} - ${sqlArray([...KNOWN_MEMBERS, ...more])} = '{}'`;
}

/** The same check for a row that was read. */
export function isKnown(payload: Payload): boolean {
  return Object.keys(payload).every((name) => KNOWN_MEMBERS.includes(name));
}

/** Member names as an SQL array. */
export function sqlArray(names: readonly string[]): string {
  return `'{${names.join(',')}}'::text[]`;
}
