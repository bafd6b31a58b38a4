import { setTimeout as pause } from 'node:timers/promises';
import { type Entry, fingerprint, type Given, type Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { Reply, Send } from './requests.ts';

/** The parts of a ledger entry that are known before sending. */
export type Purpose = Pick<Entry, 'operation' | 'grant' | 'presented' | 'misuse' | 'ends'>;

export interface Answered {
  reply: Reply;
  /** How many requests were sent. */
  attempts: number;
}

/**
 * A well-behaved backend client: without an answer, or after a 503, it sends the same request again to the other
 * process, until an answer is final. The ledger has every attempt.
 */
export interface HonestClient {
  /** Undefined when the client gave up. `first` is the first process to ask; without it, any. */
  ask(purpose: Purpose, send: Send, first?: number): Promise<Answered | undefined>;
  /** Milliseconds since the run began. */
  now(): number;
}

/** It gives up after this time and this many attempts, since a slow machine may need the time for a few attempts. */
const GIVE_UP_MS = 25_000;
const LEAST_ATTEMPTS = 10;
/** How long it waits for an answer before it tries the other process. */
const PATIENCE_MS = 10_000;

export function createHonestClient({
  ledger,
  urls,
  random,
  giveUpMs,
}: {
  ledger: Ledger;
  urls: readonly string[];
  random: Random;
  /** How long it keeps trying, at any pace; by default, a time that grows with the pace. */
  giveUpMs?: number;
}): HonestClient {
  const now = () => performance.now();
  return {
    now,
    async ask(purpose, send, first = Math.floor(random.next() * urls.length)) {
      const begun = now();
      for (let attempt = 0; ; attempt += 1) {
        const startedAt = now();
        const url = urls[(first + attempt) % urls.length] ?? '';
        const reply = await send(url, Math.round(PATIENCE_MS * ledger.pace));
        const endedAt = now();
        ledger.entries.push(entryOf(purpose, reply, startedAt, endedAt));
        if (reply.outcome !== 'unavailable' && reply.outcome !== 'silence')
          return { reply, attempts: attempt + 1 };
        if (endedAt - begun > (giveUpMs ?? GIVE_UP_MS * ledger.pace) && attempt + 1 >= LEAST_ATTEMPTS) {
          const { operation, grant } = purpose;
          ledger.abandoned.push({
            operation,
            ...(grant ? { grant } : {}),
            startedAt: begun,
            endedAt,
            lastOutcome: `${reply.outcome} ${reply.detail}`,
          });
          return undefined;
        }
        await pause(random.between(20, 100) * 2 ** Math.min(attempt, 4));
      }
    },
  };
}

function entryOf(purpose: Purpose, reply: Reply, startedAt: number, endedAt: number): Entry {
  const given = purpose.operation === 'listnr' || reply.outcome !== 'ok' ? undefined : givenIn(reply.body);
  return {
    ...purpose,
    startedAt,
    endedAt,
    outcome: reply.outcome,
    ...(reply.outcome === 'ok' ? {} : { detail: reply.detail }),
    ...(given ? { given } : {}),
  };
}

function givenIn({ access_token, refresh_token }: Reply['body']): Given | undefined {
  if (typeof access_token !== 'string' || typeof refresh_token !== 'string') return undefined;
  return {
    accessToken: fingerprint(access_token),
    refreshToken: fingerprint(refresh_token),
    sequence: sequenceOf(refresh_token),
  };
}

/** The sequence in `family.sequence.mac`. */
function sequenceOf(refreshToken: string): number {
  return Number(refreshToken.split('.')[1]);
}
