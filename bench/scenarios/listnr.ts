import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../scripts/refusal.ts';
import { makeTokens, type Workshop } from '../load/material.ts';
import { basic, type Request, writeRequests } from '../load/request.ts';
import type { Play } from '../load/wrk.ts';
import { ISSUER } from '../set-up/server.ts';
import type { Scenario } from './scenario.ts';

const ISSUE_TOKEN = `${ISSUER}/v1/listnr-token-provider/issue-token`;
export const SERVICE = { id: 'bench-service', secret: 'bench-service-secret-not-for-production-01' };
const SUBJECTS = 500;
const ID_TOKENS = 300;
const KNOWN_WITHIN_MS = 60_000;

export const listnrClientCredentials: Scenario = {
  name: 'listnr-client-credentials',
  title: 'LiSTNR, client credentials',
  limit: { of: 'signatures', each: 1 },
  floor: { signatures: 1 },
  target: { kind: 'ratio', atLeast: 0.75 },
  general: false,
  async prepare(workshop) {
    const requests = Array.from({ length: SUBJECTS }, (_, n) =>
      issueToken(basic(SERVICE.id, SERVICE.secret), {
        client_id: SERVICE.id,
        subject: `subject-${n}`,
        scope: 'read:profile',
      }),
    );
    return playOf(workshop, requests);
  },
};

/** The same requests by all clients that bench/set-up/fill.ts registers. */
export function listnrOfEveryClient(count: number): Scenario {
  return {
    ...listnrClientCredentials,
    name: 'listnr-of-every-client',
    title: `LiSTNR, client credentials of ${count.toLocaleString('en-US')} clients`,
    async prepare(workshop) {
      const requests = Array.from({ length: count }, (_, n) => asClient(n + 1));
      return playOf(workshop, requests);
    },
  };
}

export const listnrAuthenticatedUser: Scenario = {
  name: 'listnr-authenticated-user',
  title: 'LiSTNR, authenticated user',
  limit: { of: 'signatures', each: 1 },
  floor: { signatures: 1 },
  target: { kind: 'ratio', atLeast: 0.65 },
  general: false,
  async prepare(workshop) {
    const tokens = await makeTokens(workshop, ID_TOKENS);
    const body = { client_id: 'bench-app', scope: 'read:profile' };
    return playOf(
      workshop,
      tokens.map(({ id_token }) => issueToken(`Bearer ${id_token}`, body)),
    );
  },
};

/** Waits until the server knows the last of these clients: a second, and the time to read them. */
export async function untilEveryClientIsKnown(base: string, count: number): Promise<void> {
  const { headers, json } = asClient(count);
  const body = JSON.stringify(json);
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  for (;;) {
    const { status } = await fetch(new URL(new URL(ISSUE_TOKEN).pathname, base), {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body,
    });
    if (status === 200) return;
    if (Date.now() > deadline) throw new Refusal(`The server did not know ${count} clients in time.`);
    await sleep(100);
  }
}

function asClient(n: number): Request {
  const client_id = `fill-${n}`;
  return issueToken(basic(client_id, SERVICE.secret), { client_id, subject: 'subject' });
}

export function issueToken(authorization: string, json: object): Request {
  return { method: 'POST', url: ISSUE_TOKEN, headers: { Authorization: authorization }, json };
}

function playOf({ folder }: Workshop, listed: Request[]): Play {
  const requests = join(folder, 'listnr.requests');
  writeRequests(requests, listed);
  return { requests, order: 'loop', expected: { status: 200, marker: '"access_token":"eyJ' } };
}
