import { hash } from 'node:crypto';
import type { Bucket } from './guess-store.ts';

/** Who guesses: the network address, and the browser if it is known to the account. */
export interface Guesser {
  address: string;
  browser: string | undefined;
}

/**
 * The name under which the guesses at an account are counted, whether it exists or not. `address` is the canonical one,
 * so that no other spelling has guesses of its own.
 */
export function accountName(instanceId: string, address: string): string {
  return digest(`${instanceId} ${address}`);
}

/**
 * Strangers share the guesses at an account, and an address has so many accounts. A browser that has signed in to the
 * account has guesses of its own, which no stranger can use up.
 */
export function passwordBuckets(account: string, { address, browser }: Guesser, most: number): Bucket[] {
  if (browser !== undefined) return [{ of: 'browser', name: digest(`browser ${browser} ${account}`), most }];
  return [
    { of: 'account', name: digest(`account ${account}`), most },
    { of: 'address', name: digest(`address ${address}`), most, counts: account },
  ];
}

/** Wrong device codes a minute: from an address without a session, and by a person with one. */
const MOST_FROM_ADDRESS = 5;
const MOST_OF_PERSON = 20;
/**
 * Wrong device codes a minute in all, without a session and with one. A code has 8 of 20 letters and lives for ten
 * minutes: 2 x 250 x 10 = 5,000 guesses at 20^8 codes. So a live code is guessed with a chance of 1 in 5,120,000, and
 * any of 512 live ones with 1 in 10,000.
 */
const MOST_DEVICE_CODES = 250;

export function deviceCodeBuckets(
  { address, personId }: { address: string; personId: string | undefined },
  most: number,
): Bucket[] {
  return personId === undefined
    ? [
        { of: 'address', name: digest(`device ${address}`), most: Math.min(most, MOST_FROM_ADDRESS) },
        { of: 'all', name: 'devices, without a session', most: MOST_DEVICE_CODES },
      ]
    : [
        { of: 'person', name: digest(`device person ${personId}`), most: Math.min(most, MOST_OF_PERSON) },
        { of: 'all', name: 'devices, with a session', most: MOST_DEVICE_CODES },
      ];
}

/** Somebody who has proven another factor of this person, and guesses the next one. */
export interface SecondFactorGuesser {
  personId: string;
  /** The browser, if the person has proven a second factor in it before. */
  browser: string | undefined;
}

const DAY_SECONDS = 24 * 60 * 60;
/** Wrong codes of an app a minute, and a day from browsers that are new to the person, or from one that is not. */
const MOST_CODES = 5;
/**
 * Three codes of a million are right at a time. So somebody who has the password, and nothing else, guesses one in a
 * year with a chance of 3 %.
 */
const MOST_CODES_A_DAY = 30;

/**
 * Only people who have the password come so far, and they share the guesses of the browsers that are new to the person.
 * The browsers that the person has used have guesses of their own, which nobody else can use up.
 */
export function totpBuckets(guesser: SecondFactorGuesser, most: number): Bucket[] {
  const who = whoGuesses(guesser);
  const of = ofWhom(guesser);
  return [
    { of, name: digest(`totp ${who}`), most: Math.min(most, MOST_CODES) },
    { of, name: digest(`totp of a day ${who}`), most: MOST_CODES_A_DAY, seconds: DAY_SECONDS },
  ];
}

/** Nobody guesses 80 bits, so this bounds only the work. */
export function recoveryCodeBuckets(guesser: SecondFactorGuesser, most: number): Bucket[] {
  return [{ of: ofWhom(guesser), name: digest(`recovery code ${whoGuesses(guesser)}`), most }];
}

function ofWhom({ browser }: SecondFactorGuesser): 'browser' | 'person' {
  return browser === undefined ? 'person' : 'browser';
}

function whoGuesses({ personId, browser }: SecondFactorGuesser): string {
  return browser === undefined ? `person ${personId}` : `browser ${browser} ${personId}`;
}

/** The name under which a browser is known to a person whose second factor was proven in it. */
export function secondFactorName(personId: string): string {
  return digest(`second factor ${personId}`);
}

/**
 * Nobody guesses a passkey, so this bounds only the work. `personId` is whose second factor it is. A browser in which the
 * owner of the passkey has proven one has a bound of its own, so no neighbour at the address uses it up.
 */
export function passkeyBuckets(
  {
    address,
    personId,
    browser,
  }: { address: string; personId: string | undefined; browser: string | undefined },
  most: number,
): Bucket[] {
  if (browser !== undefined) return [{ of: 'browser', name: digest(`passkey browser ${browser}`), most }];
  return personId === undefined
    ? [{ of: 'address', name: digest(`passkey ${address}`), most }]
    : [{ of: 'person', name: digest(`passkey person ${personId}`), most }];
}

/**
 * About how many accounts, and from how many browsers, an address may ask in a minute to set a new password. Each counts
 * once.
 */
export function recoveryBuckets(
  { about, browser }: { about: string; browser: string },
  { address, most }: { address: string; most: number },
): Bucket[] {
  return [
    { name: digest(`recovery ${address}`), most, counts: digest(about) },
    { name: digest(`recovery browsers ${address}`), most, counts: digest(browser) },
  ];
}

/**
 * How many wrong codes of mails may come from an address in a minute, in whichever browsers: a browser that asks again
 * may try again. Each code allows so many wrong ones in all (mail/links/link-statements.ts), and no address alone comes
 * so far before the next mail.
 */
export function mailedCodeBuckets({ address, most }: { address: string; most: number }): Bucket[] {
  return [{ name: digest(`mailed codes ${address}`), most }];
}

/** One length for all, and no address of a person in the database. */
function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}
