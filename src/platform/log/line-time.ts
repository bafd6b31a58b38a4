let known = { at: 0, member: '' };

/** The time of a line, as the member of it that follows the level. It is written once for all lines of a millisecond. */
export function timeMember(): string {
  const at = Date.now();
  if (at !== known.at) known = { at, member: `,"time":"${new Date(at).toISOString()}"` };
  return known.member;
}
