/** The page on which a link is used (the edge `recovery/`). */
export type LinkStep = 'password' | 'invitation' | 'address';

/** The address in a mail. The secret is in the query, which is in no log and in no `Referer` to others. */
export function linkAddress(
  issuer: string,
  { instanceId, step, token }: { instanceId: string; step: LinkStep; token: string },
): string {
  return `${issuer}/recovery/${instanceId}/${step}?${new URLSearchParams({ link: token })}`;
}
