import { DEMO_SPA, DEMO_WEB } from '../../support/clients/relying-party.ts';
import type { Value } from './values.ts';

export type Values = Readonly<Record<string, Value>>;

/** A request that is right, or nearly so: the fuzz spoils it. */
export interface Base {
  /** Parameters of the address for GET, of the body for POST. */
  parameters?: Values;
  json?: boolean;
  headers?: Values;
  path?: Values;
}

export const assertion: Values = {
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: { jwt: 'client_assertion' },
};
export const { client_id, client_secret, redirect_uri } = DEMO_WEB;
export const secret: Values = { client_id, client_secret };
export const web: Values = {
  client_id,
  redirect_uri,
  response_type: 'code',
  scope: 'openid profile email',
  state: 's',
};
/** RFC 7636, appendix B. */
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const challenge = { code_challenge: CHALLENGE, code_challenge_method: 'S256' } as const;
export const basic: Value = { basic: [client_id, client_secret] };
export const proof: Values = { dpop: { jwt: 'dpop' } };
export const bearer = (value: Value): Values => ({ authorization: { scheme: 'Bearer', value } });
export const cookie = (of: string): Values => ({ cookie: { live: `${of}.cookie` } });
export const browsing: Values = { accept: 'text/html', 'sec-fetch-site': 'same-origin' };
export const spa: Values = { ...web, ...DEMO_SPA, ...challenge };
export const hint: Value = { jwt: 'id_token' };
