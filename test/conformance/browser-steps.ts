/**
 * The steps of the suite's browser on our pages (docs/conformance.md has the names). The suite opens an address, looks
 * for the first entry whose `match` fits, and takes its tasks one after the other.
 */
import type { Addresses } from './addresses.ts';

export type Command = readonly [string, string, string, ...(string | number)[]];

export interface Task {
  task: string;
  match?: string;
  optional?: boolean;
  commands?: readonly Command[];
}

export interface Visit {
  comment?: string;
  match: string;
  'match-limit'?: number;
  tasks: readonly Task[];
}

/** The person of the seed. */
export interface Person {
  email: string;
  password: string;
}

const SECONDS = 10;
const FAPI = 'fapi2-security-profile-final-';
const BACK_AT_THE_SUITE: Task = {
  task: 'Back at the suite',
  match: '*/test/*/callback*',
  commands: [['wait', 'id', 'submission_complete', SECONDS]],
};

const seeing = (
  text: string,
  then: 'update-image-placeholder' | 'update-image-placeholder-optional',
): Command => ['wait', 'xpath', '//*', SECONDS, text, then];

/** The steps for every module, and for modules that expect something else. */
export function browserSteps({ issuer }: Pick<Addresses, 'issuer'>, { email, password }: Person) {
  const authorize = `${issuer}/auth/authorize*`;
  const logout = `${issuer}/auth/logout*`;
  const signIn = (first: readonly Command[] = []): Task => ({
    task: 'Sign in',
    match: `${issuer}/interaction/*`,
    optional: true,
    commands: [
      ...first,
      ['text', 'id', 'email', email],
      ['text', 'id', 'password', password],
      ['click', 'id', 'sign-in'],
    ],
  });
  const visit = (match: string, ...tasks: Task[]): Visit => ({ match, tasks });
  const signingIn = visit(authorize, signIn(), BACK_AT_THE_SUITE);
  const signingInAgain = visit(
    authorize,
    signIn([seeing('Sign in to', 'update-image-placeholder-optional')]),
    BACK_AT_THE_SUITE,
  );
  const refusedWith = (text: string): Visit =>
    visit(authorize, {
      task: 'The page that refuses',
      match: authorize,
      commands: [seeing(text, 'update-image-placeholder')],
    });
  const signOut: Task = {
    task: 'Sign out',
    match: logout,
    optional: true,
    commands: [['click', 'id', 'sign-out']],
  };
  const signedOut = visit(
    logout,
    { ...signOut, optional: false },
    {
      task: 'The page afterwards',
      match: `${issuer}/auth/logout/success*`,
      commands: [seeing('You are signed out', 'update-image-placeholder')],
    },
  );
  const asked = visit(logout, {
    task: 'The page that asks',
    match: logout,
    commands: [seeing('Sign out\\?', 'update-image-placeholder')],
  });
  const notRegistered = visit(logout, {
    task: 'The page that asks, and says what is wrong',
    match: logout,
    commands: [seeing('not registered', 'update-image-placeholder')],
  });
  const refused = refusedWith('This request cannot be used');
  const onPage = { match: `${issuer}/interaction/*` };
  const cancel: Task = { task: 'Cancel', ...onPage, commands: [['click', 'id', 'cancel']] };
  const looking: Task = { task: 'Only look at the page', ...onPage };
  const after = (page: Visit) => ({ browser: [signingIn, page] });

  return {
    browser: [
      signingIn,
      visit(logout, signOut, { task: 'Back at the suite', match: '*/test/*/post_logout_redirect*' }),
    ],
    override: {
      'oidcc-prompt-login': { browser: [signingInAgain] },
      'oidcc-max-age-1': { browser: [signingInAgain] },
      'oidcc-ensure-registered-redirect-uri': {
        browser: [refusedWith("redirect_uri did not match any of the client's registered redirect_uris")],
      },
      'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': after(notRegistered),
      'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': after(notRegistered),
      'oidcc-rp-initiated-logout-modified-id-token-hint': after(asked),
      'oidcc-rp-initiated-logout-bad-id-token-hint': after(asked),
      'oidcc-rp-initiated-logout-no-id-token-hint': after(asked),
      'oidcc-rp-initiated-logout-no-params': after(signedOut),
      'oidcc-rp-initiated-logout-no-post-logout-redirect-uri': after({
        ...signedOut,
        tasks: signedOut.tasks.slice(1),
      }),
      'oidcc-rp-initiated-logout-only-state': after(signedOut),
      [`${FAPI}user-rejects-authentication`]: { browser: [visit(authorize, cancel, BACK_AT_THE_SUITE)] },
      [`${FAPI}par-attempt-reuse-request_uri`]: { browser: [{ ...signingIn, 'match-limit': 1 }, refused] },
      [`${FAPI}par-attempt-to-use-expired-request_uri`]: { browser: [refused] },
      [`${FAPI}par-attempt-to-use-request_uri-for-different-client`]: { browser: [refused] },
      [`${FAPI}par-ensure-reused-request-uri-prior-to-auth-completion-succeeds`]: {
        browser: [{ ...visit(authorize, looking), 'match-limit': 1 }, signingIn],
      },
    },
  };
}
