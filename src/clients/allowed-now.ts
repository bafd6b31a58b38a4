import type { Client } from './client.ts';
import type { Confirmation } from './proofs/confirmation.ts';

/**
 * These functions compare a use with the client's registration at this moment. A code or token may be older than the
 * registration, so everything that was granted passes here at each use. The record is in memory and costs no statement.
 */

/** It only names the refresh tokens that each client with the refresh grant gets, so nobody registers it. */
export const OFFLINE_ACCESS = 'offline_access';

export function mayHaveScope(
  { scopes, grantTypes }: Pick<Client, 'scopes' | 'grantTypes'>,
  scope: string,
): boolean {
  return scope === OFFLINE_ACCESS ? grantTypes.includes('refresh_token') : scopes.includes(scope);
}

/** The scopes of `text`, separated by spaces, that the client may have. */
export function scopesAllowed(client: Pick<Client, 'scopes' | 'grantTypes'>, text: string): string[] {
  return [...new Set(text.split(' '))].filter((scope) => mayHaveScope(client, scope));
}

/** An http address on loopback, in which an installed application may vary the port (RFC 8252 section 7.3). */
const LOOPBACK = /^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{0,5})?(?=[/?#]|$)/;

/** Whether a code may be sent to an address. */
export function mayReturnTo(client: Pick<Client, 'applicationType' | 'redirectUris'>, uri: string): boolean {
  return isAmong(client.redirectUris, uri, client);
}

/** Whether a person may return to an address after signing out. */
export function mayReturnSignedOutTo(
  client: Pick<Client, 'applicationType' | 'postLogoutRedirectUris'>,
  uri: string,
): boolean {
  return isAmong(client.postLogoutRedirectUris, uri, client);
}

/** Whether the pages of a browser origin may call for a client: those at its redirect URIs may. */
export function mayCallFrom({ redirectUris }: Pick<Client, 'redirectUris'>, origin: string): boolean {
  return redirectUris.some((uri) => /^https?:/.test(uri) && new URL(uri).origin === origin);
}

/** The browser origins whose pages may call for a client. */
export function originsOf({ redirectUris }: Pick<Client, 'redirectUris'>): string[] {
  return [...new Set(redirectUris.filter((uri) => /^https?:/.test(uri)).map((uri) => new URL(uri).origin))];
}

/** Whether the answer to an authorization request may go out in this response mode. */
export function mayBeAnsweredBy({ responseModes }: Pick<Client, 'responseModes'>, mode: string): boolean {
  return responseModes === null || responseModes.includes(mode);
}

function isAmong(
  registered: readonly string[],
  uri: string,
  { applicationType }: Pick<Client, 'applicationType'>,
): boolean {
  if (registered.includes(uri)) return true;
  if (applicationType !== 'native' || !LOOPBACK.test(uri) || !URL.canParse(uri)) return false;
  const withoutPort = (address: string) => address.replace(LOOPBACK, '$1');
  return registered.some((address) => withoutPort(address) === withoutPort(uri));
}

/**
 * Whether a code may go there though nobody has decided anything in this sign-in. Another program on the device can take
 * the scheme or the loopback address of an installed application, but not its `https` address (RFC 8252 section 8.6).
 */
export function mayAnswerSilently(
  { applicationType, answerSilently }: Pick<Client, 'applicationType' | 'answerSilently'>,
  uri: string,
): boolean {
  return applicationType !== 'native' || answerSilently || uri.startsWith('https:');
}

/**
 * Whether a token's binding suffices. A client that must send proofs, or connect with a certificate, has only bound access
 * tokens. A public client's refresh tokens must be bound as well; those of the others are protected by the client's
 * authentication (RFC 9449 section 5, RFC 8705 section 4).
 */
export function isBoundEnough(
  { requireDpop, certificateBoundAccessTokens, type }: BindingRules,
  { kind, cnf }: { kind: 'AccessToken' | 'RefreshToken'; cnf: Confirmation | undefined },
): boolean {
  if (kind === 'RefreshToken' && type === 'confidential') return true;
  const lacksKey = requireDpop && cnf?.jkt === undefined;
  return !lacksKey && !(certificateBoundAccessTokens && cnf?.['x5t#S256'] === undefined);
}

type BindingRules = Pick<Client, 'requireDpop' | 'certificateBoundAccessTokens' | 'type'>;

/** The claims among `names` that the client may ask for: those that its scopes give (`scopesGiving`). */
export function claimsAllowed(
  client: Pick<Client, 'scopes' | 'grantTypes'>,
  names: readonly string[],
  scopesGiving: (claim: string) => readonly string[],
): string[] {
  return names.filter((name) => {
    const scopes = scopesGiving(name);
    return scopes.length > 0 && scopes.every((scope) => mayHaveScope(client, scope));
  });
}
