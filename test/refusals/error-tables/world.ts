import type { Explanation } from '../../../src/refusals/explain/explanation.ts';
import type { Reason } from '../../../src/refusals/reasons.ts';
import type { Browser } from '../../support/browsers/browser.ts';
import { type ClientKey, clientAssertion } from '../../support/clients/proofs.ts';
import {
  type Answer,
  authorizationUrl,
  passThrough,
  postForm,
  postJson,
  signIn,
} from '../../support/clients/relying-party.ts';
import { basic } from '../../support/clients/token-provider.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';

/** A row of an error table: a request that is refused, who reads why, and what the remedy makes of the request. */
export interface ErrorRow {
  /** The rows of the documents' tables that it proves, as `rowsOfDocuments` names them. */
  of: readonly string[];
  name: string;
  reason: Reason;
  /** The operator reads for clients that can prove nothing, and where no client is known. */
  readBy: 'client' | 'operator';
  /** A setting that needs a server of its own. */
  env?: Record<string, string>;
  play(world: World): Promise<Play>;
}

export interface Play {
  refused: Refused;
  /** The client whose request it was. */
  client: Credentials;
  /** Follows the remedy, and says whether the request then works. */
  mend(explanation: Explanation): Promise<boolean>;
}

export interface Refused {
  requestId: string;
  error: unknown;
}

export interface Credentials {
  service?: 'listnr';
  client_id: string;
  client_secret: string;
  /** With which it authenticates in place of a secret. */
  key?: ClientKey;
}

export interface World {
  server: TestServer;
  /** A browser in which Ada is signed in. */
  browser: Browser;
}

export async function openWorld(server: TestServer): Promise<World> {
  const { browser } = await signIn(server.url);
  return { server, browser };
}

export function refusedBy({ headers, body }: Pick<Answer, 'headers' | 'body'>): Refused {
  return { requestId: String(headers.get('x-request-id')), error: body.error };
}

export const isRight = ({ status }: { status: number }): boolean => status === 200;

/** Asks for an authorization in a browser. Returns what its address got. */
export async function authorize(
  { server, browser }: World,
  { redirect_uri, client_id }: TestClient,
  parameters: Record<string, string | undefined> = {},
): Promise<{ refused: Refused; code: string | undefined }> {
  const url = authorizationUrl(server.url, { client_id, redirect_uri, scope: 'openid', ...parameters });
  const first = await browser.follow(await browser.get(url), redirect_uri);
  const page = await passThrough(first, { browser, stopAt: redirect_uri });
  const { search, hash } = new URL(page.location ?? page.url);
  const answer = new URLSearchParams(search || hash.slice(1));
  return {
    refused: {
      requestId: String(page.headers.get('x-request-id')),
      error: answer.get('error') ?? undefined,
    },
    code: answer.get('code') ?? undefined,
  };
}

/** A client, and a code for it. */
export async function aCode(
  world: World,
  columns: Parameters<typeof aClient>[1] = {},
  parameters: Fields = {},
): Promise<{ client: TestClient } & Code> {
  const client = await aClient(world.server, columns);
  return { client, ...(await codeFor(world, client, parameters)) };
}

interface Code {
  code: string;
  /** Exchanges it. An empty field is left out. */
  exchange(more?: Fields, headers?: Fields): Promise<Answer>;
}

export async function codeFor(world: World, client: TestClient, parameters: Fields = {}): Promise<Code> {
  const { code = '' } = await authorize(world, client, parameters);
  const { redirect_uri } = client;
  const fields = { grant_type: 'authorization_code', code, redirect_uri, ...secretOf(client) };
  return { code, exchange: (more = {}, headers = {}) => token(world, { ...fields, ...more }, headers) };
}

/** Gets tokens for a client. */
export async function tokensFor(world: World, client: TestClient, parameters: Fields = {}): Promise<Fields> {
  const { exchange } = await codeFor(world, client, parameters);
  return (await exchange()).body as Fields;
}

/** Changes a client's registration as an admin would. A process sees it within a second; here, at once. */
export async function change(
  { server }: World,
  { client_id: id }: TestClient,
  columns: Record<string, unknown>,
): Promise<void> {
  await server.database.knex('clients').where({ id }).update(columns);
  server.services.registration.clear();
}

export type Fields = Record<string, string>;

export function token({ server }: World, fields: Fields, headers: Fields = {}): Promise<Answer> {
  return postForm(`${server.url}/auth/token`, withoutEmpty(fields), headers);
}

function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

export function secretOf({ client_id, client_secret }: Credentials): Fields {
  return withoutEmpty({ client_id, client_secret });
}

/** Asks why a request was refused, as a client does. */
export async function askWhy(server: TestServer, requestId: string, client: Credentials): Promise<Answer> {
  const body = { request_id: requestId };
  const { client_id: clientId, key } = client;
  const assertion = key && (await clientAssertion(key, { clientId, audience: server.url }));
  return client.service === 'listnr'
    ? postJson(`${server.url}/v1/listnr-token-provider/explain`, body, {
        authorization: basic(client.client_id, client.client_secret),
      })
    : postForm(`${server.url}/auth/explain`, { ...body, ...secretOf(client), ...assertion });
}

/** Asks until the refusal is recorded, which happens behind the request. */
export async function explained(
  server: TestServer,
  requestId: string,
  { client, readBy }: { client: Credentials; readBy: ErrorRow['readBy'] },
): Promise<Explanation> {
  let explanation: Explanation | undefined;
  await until(
    `the refusal of ${requestId} is recorded`,
    async () => {
      await server.services.refusalRecorder.flush();
      explanation =
        readBy === 'operator'
          ? await readAsOperator(server, requestId)
          : ((await askWhy(server, requestId, client).then(({ status, body }) =>
              status === 200 ? body : undefined,
            )) as Explanation | undefined);
      return explanation !== undefined;
    },
    10_000,
  );
  return explanation as Explanation;
}

async function readAsOperator(server: TestServer, requestId: string): Promise<Explanation | undefined> {
  const { code, out } = await runOn(server.database, ['explain', requestId, '--json']);
  return code === 0 ? [JSON.parse(out.join('\n'))].flat()[0] : undefined;
}
