/**
 * The cookie of a browser's session. A browser can be signed in to several instances, so each instance has its own
 * cookie, with the instance's id in its name.
 */

/** The prefix limits the cookie to this host and to TLS (RFC 6265bis section 4.1.3.2). */
export function sessionCookieName(instanceId: string, { https }: { https: boolean }): string {
  return `${https ? '__Host-' : ''}listo_session_${instanceId}`;
}

/** More sessions than anybody has at once; each costs a look-up. */
const MOST_SESSIONS = 50;

/** The instances whose session cookies are in a browser's `Cookie` header. The sessions may have ended. */
export function instancesInCookies(header: string, { https }: { https: boolean }): string[] {
  return instancesBehind(sessionCookieName('', { https }), header).slice(0, MOST_SESSIONS);
}

/** The instances whose ids follow `prefix` in the names of a browser's cookies. */
export function instancesBehind(prefix: string, header: string): string[] {
  const names = header.split(/;\s*/).map((pair) => pair.split('=')[0] ?? '');
  const ids = names
    .filter((name) => name.startsWith(prefix) && !name.endsWith('.sig'))
    .map((name) => name.slice(prefix.length));
  return ids.filter((id) => /^[a-z0-9-]{1,40}$/.test(id));
}

/** The `Set-Cookie` headers that remove an instance's session cookie and its signature from a browser. */
export function clearedSessionCookies(instanceId: string, { https }: { https: boolean }): string[] {
  const name = sessionCookieName(instanceId, { https });
  return [name, `${name}.sig`].map(
    (cookie) =>
      `${cookie}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax${https ? '; secure' : ''}`,
  );
}
