import { printable } from '../../../platform/log/printable.ts';
import { linesOf } from '../../registered/written.ts';
import type { Transcript } from '../requests/transcript.ts';

const TIMES = ['iat', 'exp', 'auth_time', 'nbf', 'updated_at'];

/** Shows the header and the claims of a JWT. */
export function tellToken({ tell }: Pick<Transcript, 'tell'>, name: string, token: string): void {
  const [header, claims] = token.split('.');
  const read = { header: partOf(header), ...partOf(claims) };
  tell(`${name}, ${token.length} bytes:`);
  const written = Object.entries(read).map(([claim, value]) => [claim, inWords(claim, value)]);
  for (const line of linesOf(Object.fromEntries(written))) tell(`  ${line}`);
}

export function partOf(part = ''): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return {};
  }
}

/** JSON, so that a text differs from a number. */
function inWords(claim: string, value: unknown): string {
  const text = printable(JSON.stringify(value), 500);
  const isTime = TIMES.includes(claim) && typeof value === 'number' && Math.abs(value) < 8.64e12;
  return isTime ? `${text} (${new Date(value * 1000).toISOString()})` : text;
}
