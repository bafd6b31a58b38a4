import { type RawAnswer, sendHttp } from '../../support/clients/raw-http.ts';
import { DEMO_WEB } from '../../support/clients/relying-party.ts';
import type { TestServer } from '../../support/servers/test-server.ts';

export const FORM = 'application/x-www-form-urlencoded';
export const JSON_TYPE = 'application/json';
export const BASIC = `Basic ${btoa(`${DEMO_WEB.client_id}:${DEMO_WEB.client_secret}`)}`;
/** Internals that no answer may show. */
export const INTERNALS = /stack|\.ts:|\.js:|node_modules|\bsql\b|select |knex|postgres|Error:|at async/i;

export const AUTHENTICATED = ['/auth/token', '/auth/revoke', '/auth/introspect', '/auth/par'] as const;
export const ALL = [...AUTHENTICATED, '/auth/userinfo', '/auth/authorize'] as const;

export interface Input {
  body?: string | Buffer;
  /** The media type; by default a form, and empty for none. */
  type?: string;
  authorization?: string;
  encoding?: string;
}

export type Row = [what: string, input: Input, status: number, error: string, description: string];

export function invalid(what: string, input: Input, description: string): Row {
  return [what, input, 400, 'invalid_request', description];
}

/** Posts `input`, and checks that the answer shows no internals. */
export async function post(
  port: number,
  path: string,
  { body = '', type = FORM, authorization, encoding }: Input,
): Promise<RawAnswer> {
  const answer = await sendHttp(port, {
    method: 'POST',
    path,
    headers: {
      ...(type === '' ? {} : { 'content-type': type }),
      ...(authorization === undefined ? {} : { authorization }),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      'content-length': String(Buffer.byteLength(body)),
    },
    body,
  });
  expect(answer.body).not.toMatch(INTERNALS);
  return answer;
}

/** Every bad input must be the client's fault, not the server's. */
export function errorsLogged(server: TestServer): unknown[] {
  return server.logLines().filter(({ level }) => level === 'error');
}

/** Posts a row's input and compares the whole answer. */
export async function expectRefusal(port: number, path: string, row: Row): Promise<void> {
  const [, input, status, error, error_description] = row;
  const answer = await post(port, path, input);
  expect({ status: answer.status, body: JSON.parse(answer.body) }).toEqual({
    status,
    body: { error, error_description },
  });
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('no-store');
}
