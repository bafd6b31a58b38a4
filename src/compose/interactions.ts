import { createPasswordStore } from '../accounts/password-store.ts';
import { createPersonStore, type PersonStore } from '../accounts/person-store.ts';
import type { FactorNotices } from '../authentication/factor-notices.ts';
import { createGuessStore } from '../authentication/guesses/guess-store.ts';
import { createGuesses, type Guesses, UNLIMITED_GUESSES } from '../authentication/guesses/guesses.ts';
import { createPasskeyStore } from '../authentication/passkey/passkey-store.ts';
import { createPasskeys, type Passkeys } from '../authentication/passkey/passkeys.ts';
import {
  createPasswordAuthenticator,
  type PasswordAuthenticator,
} from '../authentication/password/password-authenticator.ts';
import type { UpstreamAuthenticator } from '../authentication/upstream/upstream-authenticator.ts';
import type { Config } from '../config.ts';
import { type ConsentStore, createConsentStore } from '../grants/consent-store.ts';
import { createKnownBrowsers, type KnownBrowsers } from '../interactions/browsers/known-browser.ts';
import { upstreamCallbackPath } from '../interactions/upstream/upstream.ts';
import { createUpstreamSignInStore, type UpstreamSignInStore } from '../sessions/upstream-sign-in-store.ts';
import { composeFactors, type FactorParts } from './factors.ts';
import type { Foundation } from './foundation.ts';

/** The people, their ways of signing in, and their consents. */
export interface InteractionParts extends FactorParts {
  people: PersonStore;
  /** Guesses at passwords and device codes. */
  guesses: Guesses;
  knownBrowsers: KnownBrowsers;
  passwords: PasswordAuthenticator;
  passkeys: Passkeys;
  upstream: UpstreamAuthenticator;
  upstreamSignIns: UpstreamSignInStore;
  consents: ConsentStore;
}

export function composeInteractions(
  {
    logger,
    clock,
    database,
    databaseTime,
    box,
    outboundFetch,
    hashes,
    notices,
  }: Pick<
    Foundation,
    'logger' | 'clock' | 'database' | 'databaseTime' | 'box' | 'outboundFetch' | 'hashes'
  > & {
    notices: FactorNotices;
  },
  {
    issuer,
    https,
    secrets,
    failuresPerMinute,
    passwords,
  }: Pick<Config, 'issuer' | 'https' | 'secrets' | 'failuresPerMinute' | 'passwords'>,
): InteractionParts {
  const people = createPersonStore(database.knex);
  const guesses =
    failuresPerMinute === 0 ? UNLIMITED_GUESSES : createGuesses(createGuessStore(database.knex));
  return {
    ...composeFactors(
      { database, databaseTime, box, clock, notices, guesses },
      { secrets, failuresPerMinute },
    ),
    people,
    guesses,
    knownBrowsers: createKnownBrowsers({ keys: secrets.cookieKeys, https, clock }),
    passwords: createPasswordAuthenticator({
      store: createPasswordStore(database.knex),
      hashes,
      guesses,
      failuresPerMinute,
      cost: passwords.cost,
    }),
    passkeys: createPasskeys({
      issuer,
      store: createPasskeyStore(database.knex, notices, databaseTime),
      guesses,
      failuresPerMinute,
      keys: secrets.cookieKeys,
      clock,
    }),
    upstream: upstreamAuthenticator({
      people,
      clock,
      fetch: outboundFetch,
      logger,
      redirectUri: (instanceId) => `${issuer}${upstreamCallbackPath(instanceId)}`,
    }),
    upstreamSignIns: createUpstreamSignInStore(database.knex, box, clock, databaseTime),
    consents: createConsentStore(database.knex),
  };
}

type Create =
  typeof import('../authentication/upstream/upstream-authenticator.ts')['createUpstreamAuthenticator'];

/** It and its library are loaded when the first person signs in at a customer's own provider. */
function upstreamAuthenticator(dependencies: Parameters<Create>[0]): UpstreamAuthenticator {
  let made: Promise<UpstreamAuthenticator> | undefined;
  const make = async () => {
    const { createUpstreamAuthenticator } = await import(
      '../authentication/upstream/upstream-authenticator.ts'
    );
    return createUpstreamAuthenticator(dependencies);
  };
  const authenticator = () => {
    made ??= make();
    return made;
  };
  return {
    start: async (...request) => (await authenticator()).start(...request),
    finish: async (...answer) => (await authenticator()).finish(...answer),
  };
}
