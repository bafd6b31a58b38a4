import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Answer } from '../support/clients/relying-party.ts';
import type { TestServer } from '../support/servers/test-server.ts';

const USUAL_HEADERS = [
  'cache-control',
  'content-type',
  'pragma',
  'dpop-nonce',
  'www-authenticate',
  'access-control-allow-origin',
  'vary',
] as const;

/** Members that differ from run to run, of which only the type is kept. */
const CHANGING = [
  'iat',
  'exp',
  'iiat',
  'authTime',
  'auth_time',
  'at_hash',
  'updated_at',
  'grant_id',
  'grantId',
  'sessionUid',
  'sid',
  'jkt',
];

/** Answers of the token endpoint and rows of refresh families, without the parts that differ from run to run. */
export interface Recorder {
  /** Notes an answer under its own name, and returns its body. */
  note(name: string, answer: Promise<Answer>): Promise<Record<string, string>>;
  /** Notes the row of a refresh token's family. */
  noteFamily(name: string, refreshToken: string | undefined): Promise<void>;
  readonly noted: Record<string, unknown>;
}

export function createRecorder(server: TestServer, moreHeaders: readonly string[] = []): Recorder {
  const noted: Record<string, unknown> = {};
  const keep = (name: string, value: unknown) => {
    if (name in noted) throw new Error(`There are two answers named ${name}.`);
    noted[name] = value;
  };
  return {
    noted,
    async note(name, answer) {
      const { status, headers, body } = await answer;
      const sent = [...USUAL_HEADERS, ...moreHeaders].flatMap((header) => {
        const value = headers.get(header);
        return value === null ? [] : [[header, value.replaceAll(server.url, 'ISSUER')]];
      });
      keep(name, { status, body: withoutChance(body, server.url), headers: Object.fromEntries(sent) });
      return body as Record<string, string>;
    },
    async noteFamily(name, refreshToken = '') {
      const family = Buffer.from(refreshToken.split('.')[0] ?? '', 'base64url');
      const row = await server.database
        .knex('refresh_families')
        .where({ family })
        .first('payload', 'sequence');
      keep(`${name}: row`, withoutChance(row, server.url));
    },
  };
}

/** A JSON value of an answer, with its tokens read, without the parts that differ from run to run. */
export function withoutChance(value: unknown, issuer: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutChance(item, issuer));
  if (typeof value === 'string')
    return isJwt(value) ? readJwt(value, issuer) : value.replaceAll(issuer, 'ISSUER');
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => {
    if (CHANGING.includes(name)) return [name, typeof member];
    if (name === 'jti') return [name, `${String(member).length} characters`];
    if (name === 'refresh_token') return [name, `sequence ${String(member).split('.')[1]}`];
    return [name, withoutChance(member, issuer)];
  });
  return Object.fromEntries(members);
}

function isJwt(text: string): boolean {
  return text.startsWith('ey') && text.split('.').length === 3;
}

function readJwt(token: string, issuer: string): object {
  const { iat = 0, exp, ...claims } = decodeJwt(token);
  return {
    header: { ...decodeProtectedHeader(token), kid: 'string' },
    claims: {
      ...(withoutChance(claims, issuer) as object),
      lifetime: exp === undefined ? 'none' : exp - iat,
    },
  };
}
