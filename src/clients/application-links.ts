import type { PageLink } from '../platform/errors.ts';
import type { Client } from './client.ts';
import { withAnswer } from './return-address.ts';

/**
 * The ways on to an application, for a page at which its sign-in ended: where it begins a sign-in, and its own page.
 * They lead to registered addresses and nowhere else.
 */
export function applicationLinks(
  client: Pick<Client, 'name' | 'applicationType' | 'clientUri' | 'initiateLoginUri' | 'redirectUris'>,
  issuer: string,
): PageLink[] {
  const { name, applicationType, clientUri, redirectUris } = client;
  const begins = initiationAddress(client, { iss: issuer });
  // A native client listens on loopback only while it signs somebody in.
  const own = clientUri ?? (applicationType === 'native' ? null : originOf(redirectUris));
  return [
    ...(begins === undefined ? [] : [{ href: begins, does: 'sign_in' as const, name }]),
    ...(isAddress(own) ? [{ href: own, does: 'return' as const, name }] : []),
  ];
}

/**
 * The same ways for somebody who wanted to sign out, and hardly wants to sign in again: the application's own page comes
 * first. Without one, there is only the origin of an address, which may show nothing.
 */
export function linksAfterSignOut(client: Client, issuer: string): PageLink[] {
  const links = applicationLinks(client, issuer);
  return client.clientUri === null ? links : links.toSorted((one, other) => rank(one) - rank(other));
}

function rank({ does }: PageLink): number {
  return does === 'return' ? 0 : 1;
}

/** The parameters with which another party begins a sign-in at an application (OIDC Core section 4). */
export interface Initiation {
  iss: string;
  login_hint?: string;
  target_link_uri?: string;
}

/** Where an application begins a sign-in; undefined if it registered no such address. */
export function initiationAddress(
  { initiateLoginUri }: Pick<Client, 'initiateLoginUri'>,
  initiation: Initiation,
): string | undefined {
  return isAddress(initiateLoginUri) ? withAnswer(initiateLoginUri, { ...initiation }) : undefined;
}

function originOf(uris: readonly string[]): string | null {
  const uri = uris.find(isAddress);
  return uri === undefined ? null : `${new URL(uri).origin}/`;
}

/** The database checks the form. This keeps a row from before its check out of a link. */
function isAddress(uri: string | null): uri is string {
  return uri !== null && /^https?:/.test(uri) && URL.canParse(uri);
}
