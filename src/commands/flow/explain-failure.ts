import { AuthorizationResponseError } from 'openid-client';
import type { Database } from '../../platform/database.ts';
import { OperatorError } from '../../platform/errors.ts';
import { createRefusalStore } from '../../refusals/refusal-store.ts';
import { explained, inLines } from '../refusals/explained.ts';
import type { Row } from '../registered/registered-store.ts';
import { Refused } from './code-flow.ts';
import { mistakeOf } from './mistakes.ts';
import type { FlowClient, FlowListnrClient } from './registration.ts';
import type { Transcript } from './transcript.ts';

interface About {
  transcript: Transcript;
  client: FlowClient | FlowListnrClient;
  secret: string | undefined;
  issuer: string;
  database: Database | undefined;
}

/** Says why a flow failed: from the record of refusals, where the server refused, and by name otherwise. */
export async function explainFailure(error: unknown, about: About): Promise<Row> {
  if (error instanceof OperatorError) throw error;
  const { latest } = about.transcript;
  const isRefused = error instanceof Refused || isRefusal(error);
  if (!isRefused || !latest) {
    const { sentence, remedy } = mistakeOf(error);
    return { why: sentence, remedy };
  }
  const { error: code, error_description: description } = toldBy(error, latest.body);
  const told = { status: latest.status, error: code, description, request_id: latest.requestId };
  const recorded = latest.requestId === undefined ? undefined : await explanationOf(latest.requestId, about);
  return recorded ?? { ...told, remedy: howToAsk(latest.requestId) };
}

/** openid-client's errors that carry an answer of the server. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    ['ResponseBodyError', 'WWWAuthenticateChallengeError', 'AuthorizationResponseError'].includes(error.name)
  );
}

function toldBy(error: unknown, body: unknown): { error?: unknown; error_description?: unknown } {
  if (error instanceof AuthorizationResponseError)
    return { error: error.error, error_description: error.error_description };
  return typeof body === 'object' && body !== null ? body : {};
}

function howToAsk(requestId: string | undefined): string {
  return requestId === undefined
    ? 'The answer has no X-Request-Id, so something in front of the server may have given it.'
    : `Who runs the server reads why: npx listo explain ${requestId}`;
}

const PAUSE_MS = 400;

/** The refusal is recorded a moment after the answer. */
async function explanationOf(requestId: string, about: About): Promise<Row | undefined> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    const found = about.database
      ? await fromDatabase(about.database, requestId)
      : await fromServer(requestId, about);
    if (found) return found;
  }
  return undefined;
}

async function fromDatabase({ knex }: Database, requestId: string): Promise<Row | undefined> {
  const [row] = await createRefusalStore(knex).find(requestId);
  return row && inLines(explained(row));
}

/** A client with a secret may ask the server itself. */
async function fromServer(
  requestId: string,
  { client, secret, issuer, transcript }: About,
): Promise<Row | undefined> {
  if (secret === undefined) return undefined;
  const path = client.service === 'listnr' ? '/v1/listnr-token-provider/explain' : '/auth/explain';
  const answer = await transcript.fetch(`${issuer}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ request_id: requestId }),
  });
  return answer.status === 200 ? ((await answer.json()) as Row) : undefined;
}
