/** The meaning of a scope, for the person who is asked for it, or who looks at what they allowed. */
interface ScopeWords {
  title: string;
  description: string;
}

const SCOPES: Record<string, ScopeWords> = {
  openid: {
    title: 'Know who you are',
    description: 'A lasting identifier for you, and the worker and user records that belong to you.',
  },
  profile: { title: 'See your name', description: 'Your full name, first name and last name.' },
  email: { title: 'See your email address', description: 'Your address, and whether it has been verified.' },
  offline_access: {
    title: 'Stay signed in',
    description: 'Keep this access while you are away, until you sign out.',
  },
};

/** The titles of scopes, in one order. */
export function scopeTitles(names: readonly string[]): string[] {
  const known = Object.keys(SCOPES);
  const inOrder = [...new Set(names)].toSorted((one, other) => known.indexOf(one) - known.indexOf(other));
  return inOrder.map((name) => scopeInWords(name).title);
}

export function scopeInWords(name: string): ScopeWords {
  return SCOPES[name] ?? { title: name, description: '' };
}
