import { AuthorizationResponseError } from 'openid-client';
import type { Database } from '../../../platform/database.ts';
import { OperatorError } from '../../../platform/errors.ts';
import { createRefusalStore } from '../../../refusals/explain/refusal-store.ts';
import { explained, inLines } from '../../refusals/explained.ts';
import type { Row } from '../../registered/registered-store.ts';
import type { FlowClient, FlowListnrClient } from '../registration.ts';
import { mistakeOf } from './mistakes.ts';
import { Refused } from './refused.ts';
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
  const told = toldBy(error, latest?.body);
  if (!told || !latest) {
    const { sentence, remedy } = mistakeOf(error);
    return { why: sentence, remedy };
  }
  const requestId =
    requestIdIn(told) ?? (error instanceof AuthorizationResponseError ? undefined : latest.requestId);
  const recorded = requestId === undefined ? undefined : await explanationOf(requestId, about);
  if (recorded) return recorded;
  const { error: code, error_description: description } = told;
  return { error: code, description, request_id: requestId, remedy: howToAsk(requestId) };
}

type Told = Readonly<Record<string, unknown>>;

/** The members of a refusal, wherever they came; undefined for an error that is none. */
function toldBy(error: unknown, body: unknown): Told | undefined {
  if (error instanceof AuthorizationResponseError) return Object.fromEntries(error.cause);
  if (error instanceof Refused && error.told) return error.told;
  if (!(error instanceof Refused) && !ANSWERED.has((error as Error).name)) return undefined;
  return typeof body === 'object' && body !== null ? (body as Told) : {};
}

/** openid-client's errors that stand for an answer. */
const ANSWERED = new Set(['ResponseBodyError', 'WWWAuthenticateChallengeError']);

/** An error that comes by redirect names the request in its `error_uri`. */
function requestIdIn({ error_uri }: Told): string | undefined {
  if (typeof error_uri !== 'string' || !URL.canParse(error_uri)) return undefined;
  return new URL(error_uri).searchParams.get('request_id') ?? undefined;
}

function howToAsk(requestId: string | undefined): string {
  return requestId === undefined
    ? 'The answer names no request, so something in front of the server may have given it.'
    : `Who runs the server reads why: npx listo explain ${requestId}`;
}

const PAUSE_MS = 400;
const EXPLAIN = '/auth/explain';
const EXPLAIN_LISTNR = '/v1/listnr-token-provider/explain';

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
  const path = client.service === 'listnr' ? EXPLAIN_LISTNR : EXPLAIN;
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
