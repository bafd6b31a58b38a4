import { basic } from '../load/request.ts';
import { connect } from '../set-up/cluster.ts';
import type { Ground } from '../set-up/own-server.ts';
import type { Target } from '../set-up/target.ts';
import type { Pair } from './compare.ts';

const REFUSALS = 200;

/** Refusals of a client that does not ask. */
export async function recordRefusals({ cluster }: Ground): Promise<void> {
  const client = await connect(cluster.url);
  await client.query(
    `INSERT INTO refusals (request_id, service, endpoint, status, client_id, client_is, lane, error, reason)
     SELECT 'bench-' || n, 'listo', '/auth/token', 400, 'other', 'authenticated', 'listo other authenticated',
       'invalid_grant', 'code.expired' FROM generate_series(1000, $1) AS n`,
    [1000 + REFUSALS - 1],
  );
  await client.end();
}

/** A client asks why another client's request was refused, or one that never was. */
export function askingWhy({ base, client: { id, secret } }: Target): Pair {
  return {
    what: 'asking why a request was refused',
    known: (n) => `bench-${1000 + (n % REFUSALS)}`,
    status: 404,
    ask: async (name, n) => {
      const answer = await fetch(`${base}/auth/explain`, {
        method: 'POST',
        headers: { authorization: basic(id, secret) },
        body: new URLSearchParams({ request_id: name ?? `bench-${2000 + n}` }),
      });
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    },
  };
}
