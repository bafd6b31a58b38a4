import type { Answer } from '../support/clients/relying-party.ts';

/** Fields of a form; an array is a field that is sent several times. */
export type Form = Record<string, string | string[] | undefined>;

export interface ClientRequest {
  fields?: Form;
  headers?: Record<string, string>;
  query?: string;
  /** Sent instead of the fields. */
  body?: string;
}

/** The endpoints at which a client authenticates, with fields that are enough for an answer. */
export const ENDPOINTS = {
  introspect: { token: 'x' },
  revoke: { token: 'x' },
  token: { grant_type: 'refresh_token', refresh_token: 'x' },
  par: { response_type: 'code' },
  device_authorization: { scope: 'openid' },
} as const;

export type Endpoint = keyof typeof ENDPOINTS;

/** Sends a request of a client as it is, also a wrong one. */
export async function postAs(
  issuer: string,
  endpoint: Endpoint,
  { fields = {}, headers = {}, query = '', body }: ClientRequest,
): Promise<Answer> {
  const response = await fetch(`${issuer}/auth/${endpoint}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: body ?? formOf({ ...ENDPOINTS[endpoint], ...fields }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

function formOf(fields: Form): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    [value ?? []].flat().map((item): [string, string] => [name, item]),
  );
  return new URLSearchParams(pairs).toString();
}

/** Credentials in the header, as they are. */
export function basicOf(text: string): { headers: { authorization: string } } {
  return { headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` } };
}
