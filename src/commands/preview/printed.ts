import { jsonOf, linesOf } from '../registered/written.ts';
import type { Finding } from './finding.ts';
import type { PreviewedTokens } from './issue.ts';
import type { PreviewedListnrToken } from './listnr.ts';
import type { Preview } from './run-preview.ts';
import type { DecodedToken } from './unsigned.ts';

/** Common proxies take heads of so many bytes. */
const LARGE_BYTES = 8 * 1024;

/** For programs. Members are named as in the protocol. */
export function jsonOfPreview({ person, refused, notes, tokens, listnr }: Preview): string {
  return jsonOf({
    ...{ person, refused, notes },
    ...(tokens && {
      id_token: tokens.idToken,
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      userinfo: tokens.userinfo,
      ...tokens.answer,
    }),
    listnr,
  });
}

/** For people. */
export function printPreview({ person, refused, notes, tokens, listnr }: Preview): string[] {
  const lines = [
    ...(person?.made_up
      ? ['For somebody made up, who has every claim. --person or --email says for whom.']
      : []),
    ...refused.map((finding) => `Refused: ${inWords(finding)}`),
    ...(refused.length > 0 ? ['So there are no tokens.'] : []),
    ...notes,
    ...(tokens ? linesOfTokens(tokens) : []),
    ...Object.entries(listnr).flatMap(([id, token]) => linesOfListnr(id, token)),
  ];
  return lines[0] === '' ? lines.slice(1) : lines;
}

function linesOfTokens({ idToken, accessToken, refreshToken, userinfo, answer }: PreviewedTokens): string[] {
  return [
    ...(idToken
      ? tokenLines('ID token', idToken)
      : ['', 'ID token: none, because the request does not ask for openid']),
    ...tokenLines('Access token', accessToken),
    ...('refused' in userinfo
      ? ['', `Userinfo: refused. ${inWords(userinfo.refused)}`]
      : ['', `Userinfo: ${inBytes(userinfo.bytes)}`, ...claimLines(userinfo.claims)]),
    '',
    refreshToken ? `Refresh token: ${inBytes(refreshToken.bytes)}` : 'Refresh token: none',
    `Answer of the token endpoint, beside the tokens: ${JSON.stringify(answer)}`,
  ];
}

function linesOfListnr(id: string, token: PreviewedListnrToken): string[] {
  return 'refused' in token
    ? ['', `LiSTNR token for ${id}: refused. ${inWords(token.refused)}`]
    : tokenLines(`LiSTNR token for ${id}`, token);
}

function tokenLines(name: string, { header, claims, bytes }: DecodedToken): string[] {
  return [
    '',
    `${name}: ${inBytes(bytes)}`,
    ...(bytes > LARGE_BYTES
      ? ['  Larger than 8 kB: proxies and servers may refuse the header or address that it comes in.']
      : []),
    ...claimLines({ header, ...claims }),
  ];
}

/** The values as JSON, so that a text differs from a number. */
function claimLines(claims: Record<string, unknown>): string[] {
  const written = Object.entries(claims).map(([name, value]) => [name, JSON.stringify(value)]);
  return linesOf(Object.fromEntries(written)).map((line) => `  ${line}`);
}

function inBytes(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} bytes`;
}

function inWords({ error, sentence, remedy }: Finding): string {
  return `${sentence} (${error})${remedy === undefined ? '' : ` ${remedy}`}`;
}
