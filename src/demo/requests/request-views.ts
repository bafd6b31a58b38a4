/** Requests and tokens as the templates show them: as commands, with the purpose of each parameter, decoded. */
import { STATUS_CODES } from 'node:http';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose';
import { curlCommand } from './curl.ts';
import type { Exchange } from './exchange.ts';
import { jsonText } from './json-text.ts';

/** The purpose of each request parameter, for a newcomer. */
const PURPOSES: Readonly<Record<string, string>> = {
  response_type: 'Asks for a code, which alone is worth nothing',
  client_id: 'Which application asks',
  redirect_uri: 'Where the answer goes: one that is registered, to the letter',
  scope: 'The requested scopes',
  prompt: 'Asks the person even if they allowed it before',
  state: 'Ties the answer to this browser',
  nonce: 'Ties the ID token to this request',
  code_challenge: 'The hash of a secret that only the application holds (PKCE)',
  code_challenge_method: 'How it was hashed',
};

/** An authorization request, and the parameters that the redirect URI received. */
export interface Authorization {
  request: string;
  answer: Record<string, string>;
}

export function authorizationView({ request, answer }: Authorization) {
  const { origin, pathname, search, searchParams } = new URL(request);
  const lines = search
    .slice(1)
    .split('&')
    .map((pair, n) => `  ${n === 0 ? '?' : '&'}${pair}`);
  return {
    request: `${origin}${pathname}\n${lines.join('\n')}`,
    parameters: [...searchParams].map(([name, value]) => ({ name, value, purpose: PURPOSES[name] ?? '' })),
    answer: jsonText(answer),
  };
}

/** `bearer` names the variable for the token in the Authorization header. */
export function exchangeView({ request, status, answer }: Exchange, bearer?: string) {
  return {
    command: curlCommand(request, bearer ? { bearer } : {}),
    status,
    reason: STATUS_CODES[status],
    answer: jsonText(answer),
  };
}

export interface Decoded {
  header: ProtectedHeaderParameters;
  claims: JWTPayload & { name?: string };
}

export function decoded(token: string) {
  const header = decodeProtectedHeader(token);
  const claims: Decoded['claims'] = decodeJwt(token);
  const [head, payload, signature] = token.split('.');
  return {
    header,
    claims,
    encoded: { head, payload, signature },
    headerText: jsonText(header),
    claimsText: jsonText(claims),
  };
}
