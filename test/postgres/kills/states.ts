import type { Answer } from '../../support/clients/relying-party.ts';
import { until } from '../../support/time/until.ts';
import { type FaultyServer, OPERATIONS, type Operation, type Prepared, type Stage } from './stage.ts';

/** The remains of a sign-in: its code, the counter of its refresh tokens, and whether it goes on at all. */
export interface State {
  grants: number;
  codeUsed: boolean;
  sequence: number | null;
}

/** The outcome of a repeated request: an answer, and what the next refresh token is good for. */
export interface Retry {
  status: number;
  /** The error's description, or the sequence of the new refresh token. */
  says: string;
  /** The status of a refresh with that token. */
  next: number | undefined;
  grants: number;
}

type Each<T> = Record<Operation, T>;

/** Nothing has happened yet. (A token that is replayed was rotated before.) */
export const UNSPENT: Each<State> = {
  exchange: { grants: 1, codeUsed: false, sequence: null },
  'refresh, 0 s': { grants: 1, codeUsed: true, sequence: 0 },
  'refresh, 120 s': { grants: 1, codeUsed: true, sequence: 0 },
  'replay, 120 s': { grants: 1, codeUsed: true, sequence: 1 },
};

/** The code is used, or the token rotated, and nothing has ended. */
export const SPENT: Each<State> = {
  exchange: { grants: 1, codeUsed: true, sequence: 0 },
  'refresh, 0 s': { grants: 1, codeUsed: true, sequence: 1 },
  'refresh, 120 s': { grants: 1, codeUsed: true, sequence: 1 },
  'replay, 120 s': { grants: 1, codeUsed: true, sequence: 1 },
};

const GOES_ON = { status: 200, next: 200, grants: 1 };

/** The outcome of the client's retry after each of the two (docs/tokens.md). */
export const RETRIES: ReadonlyMap<Each<State>, Each<Retry>> = new Map([
  [
    UNSPENT,
    {
      exchange: { ...GOES_ON, says: 'sequence 0' },
      'refresh, 0 s': { ...GOES_ON, says: 'sequence 1' },
      'refresh, 120 s': { ...GOES_ON, says: 'sequence 1' },
      'replay, 120 s': { ...GOES_ON, says: 'sequence 1' },
    },
  ],
  [
    SPENT,
    {
      exchange: ended('Authorization code already used: its sign-in was ended'),
      'refresh, 0 s': ended('Refresh token already used: its sign-in was ended'),
      'refresh, 120 s': { ...GOES_ON, says: 'sequence 1' },
      'replay, 120 s': { ...GOES_ON, says: 'sequence 1' },
    },
  ],
]);

function ended(says: string): Retry {
  return { status: 400, says, next: undefined, grants: 0 };
}

/** The statements of each request: one that decides, and for a token that was rotated before, the look that finds out. */
export const STATEMENTS: Each<readonly string[]> = {
  exchange: ['redeem_authorization_code'],
  'refresh, 0 s': ['rotate_refresh_family'],
  'refresh, 120 s': ['rotate_refresh_family'],
  'replay, 120 s': ['rotate_refresh_family', 'find_refresh_family'],
};

/**
 * Sends all requests to a server, so that they are under way together. A statement that is broken off may serve several
 * requests at once. So the replay, which has one more, has come to its last one before the others begin.
 */
export async function sendAll(
  { url, statements }: FaultyServer,
  requests: Each<Prepared>,
  instant?: string,
): Promise<Each<object | 'nothing'>> {
  const { 'replay, 120 s': replay, ...others } = requests;
  const isBroken = statements.isBreaking();
  const replayed = answerOf(replay.send(url, instant));
  const { name, value } = replay.statement;
  if (isBroken) await until('the replay to come so far', () => statements.sent(value).includes(name));
  const names = Object.keys(others) as (keyof typeof others)[];
  const answered = names.map(async (name) => [name, await answerOf(others[name].send(url, instant))]);
  return { ...Object.fromEntries(await Promise.all(answered)), 'replay, 120 s': await replayed };
}

export async function each<T>(work: (operation: Operation) => Promise<T>): Promise<Each<T>> {
  return Object.fromEntries(
    await Promise.all(OPERATIONS.map(async (name) => [name, await work(name)])),
  ) as Each<T>;
}

export async function stateOf(
  stage: Stage,
  requests: Each<Prepared>,
): Promise<{ states: Each<State>; rows: Each<unknown> }> {
  const rows = await each((operation) => stage.rowsOf(requests[operation]));
  const states = await each(async (operation) => {
    const found = rows[operation] as { used: boolean; sequence: number | null }[];
    const [row] = found;
    return { grants: found.length, codeUsed: row?.used ?? false, sequence: row?.sequence ?? null };
  });
  return { states, rows };
}

/** Repeats each request at a server, as its client would: also while it is told to come again. */
export function retried(stage: Stage, url: string, requests: Each<Prepared>): Promise<Each<Retry>> {
  return each(async (operation) => {
    const request = requests[operation];
    let answer = await request.send(url);
    while (answer.status === 503) answer = await request.send(url);
    const { status, body } = answer;
    const token = body.refresh_token as string | undefined;
    const next = token === undefined ? undefined : (await request.refreshWith(token, url)).status;
    const says = token === undefined ? String(body.error_description) : `sequence ${token.split('.')[1]}`;
    return { status, says, next, grants: ((await stage.rowsOf(request)) as unknown[]).length };
  });
}

/** The answer, or nothing where none came. */
export async function answerOf(request: Promise<Answer>): Promise<object | 'nothing'> {
  return request.then(
    ({ status, headers, body }) => ({ status, retryAfter: headers.get('retry-after'), body }),
    () => 'nothing',
  );
}
