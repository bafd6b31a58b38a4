import type { UpstreamProfile } from '../../accounts/person-store.ts';

const DEFAULT_MAPPING = {
  email: 'email',
  email_verified: 'email_verified',
  name: 'name',
  first_name: 'given_name',
  last_name: 'family_name',
  worker_profile_id: '',
} as const;

/** The limit of the column people.name. Two names of a hundred characters with a space are one character longer. */
const MAX_NAME_LENGTH = 200;

/** The characters that the database refuses in names (`check_name`). They make people read another name. */
const CONTROL_CHARACTERS = /[\p{Cc}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu;

type Mapping = Readonly<Record<string, string>>;

/** The names of the upstream claims that an instance reads. */
export function mappedClaims(mapping: Mapping): string[] {
  return Object.values({ ...DEFAULT_MAPPING, ...mapping }).filter(Boolean);
}

/**
 * The person's data from an upstream provider's claims, by the instance's claim mapping. A claim of the wrong type
 * counts as absent, so that no provider's answer makes a sign-in fail or violates a constraint. An address counts as
 * verified only if the provider says `true`, which some say as text.
 */
export function profileFrom(claims: Record<string, unknown>, mapping: Mapping): UpstreamProfile {
  const claim = (field: keyof typeof DEFAULT_MAPPING) => claims[mapping[field] ?? DEFAULT_MAPPING[field]];
  const text = (field: keyof typeof DEFAULT_MAPPING, maxLength: number) => {
    const value = claim(field);
    if (typeof value !== 'string' || value.includes('\0')) return null;
    const trimmed = value.trim();
    return trimmed !== '' && trimmed.length <= maxLength ? trimmed : null;
  };
  const address = text('email', 254);
  const email = address && isAddress(address) ? address : null;
  const name = (field: 'name' | 'first_name' | 'last_name', maxLength: number) =>
    text(field, maxLength)?.replace(CONTROL_CHARACTERS, '').trim() || null;
  const firstName = name('first_name', 100);
  const lastName = name('last_name', 100);
  const bothNames = [firstName, lastName].filter(Boolean).join(' ');
  return {
    email,
    emailVerified: email !== null && [true, 'true'].includes(claim('email_verified') as never),
    name: name('name', MAX_NAME_LENGTH) ?? (bothNames.slice(0, MAX_NAME_LENGTH) || null),
    firstName,
    lastName,
    workerProfileId: text('worker_profile_id', 255),
  };
}

/** Stricter than the constraint person_email_format, which uses the database's definition of white space. */
function isAddress(text: string): boolean {
  return /^[^@\s\p{Cc}\p{Cf}\p{Z}]+@[^@\s\p{Cc}\p{Cf}\p{Z}]+$/u.test(text);
}
