import { setTimeout as pause } from 'node:timers/promises';
import { type Entry, fingerprint, type Given, type Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { Reply, Send } from './requests.ts';

/** What of a ledger's entry its sender knows beforehand. */
export type Purpose = Pick<Entry, 'operation' | 'grant' | 'presented' | 'misuse' | 'ends'>;

export interface Answered {
  reply: Reply;
  /** How many requests it took. */
  attempts: number;
}

/**
 * The client of a backend as it should be: where it gets no answer, or a 503, it sends the same request again, to
 * the other process, until one is final. Every attempt stands in the ledger.
 */
export interface HonestClient {
  /** Undefined when it gave up. `first` is the process that is asked first; without it, any. */
  ask(purpose: Purpose, send: Send, first?: number): Promise<Answered | undefined>;
  /** Milliseconds since the run began. */
  now(): number;
}

/** When it gives up: after this long and as many attempts, since on a slow machine a few of them may take as long. */
const GIVE_UP_MS = 25_000;
const LEAST_ATTEMPTS = 10;
/** What it waits for an answer before it tries elsewhere. */
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
  /** How long it goes on trying, however slow the machine is; without it, as long as that warrants. */
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

/** Of `family.sequence.mac`. */
function sequenceOf(refreshToken: string): number {
  return Number(refreshToken.split('.')[1]);
}
