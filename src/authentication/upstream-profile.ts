import type { UpstreamProfile } from '../accounts/person-store.ts';

const DEFAULT_MAPPING = {
  email: 'email',
  email_verified: 'email_verified',
  name: 'name',
  first_name: 'given_name',
  last_name: 'family_name',
  worker_profile_id: '',
} as const;

/**
 * What an upstream provider's claims say of a person, by the instance's claim mapping. A claim of the wrong type
 * counts as absent: nothing an upstream sends can make a sign-in fail or a constraint speak. An address counts as
 * verified only when the provider says `true`.
 */
export function profileFrom(
  claims: Record<string, unknown>,
  mapping: Readonly<Record<string, string>>,
): UpstreamProfile {
  const claim = (field: keyof typeof DEFAULT_MAPPING) => claims[mapping[field] ?? DEFAULT_MAPPING[field]];
  const text = (field: keyof typeof DEFAULT_MAPPING, maxLength: number) => {
    const value = claim(field);
    if (typeof value !== 'string' || value.includes('\0')) return null;
    const trimmed = value.trim();
    return trimmed !== '' && trimmed.length <= maxLength ? trimmed : null;
  };
  const email = text('email', 254);
  const firstName = text('first_name', 100);
  const lastName = text('last_name', 100);
  return {
    email: email && /^[^@\s]+@[^@\s]+$/.test(email) ? email : null,
    emailVerified: claim('email_verified') === true,
    name: text('name', 200) ?? ([firstName, lastName].filter(Boolean).join(' ') || null),
    firstName,
    lastName,
    workerProfileId: text('worker_profile_id', 255),
  };
}
