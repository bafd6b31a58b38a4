import { createHash, randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { openWay, WAYS, type Way } from '../../http/direct/two-ways.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { type Answer, getJson, postForm, signIn } from '../../support/clients/relying-party.ts';
import { askToken, bearerClientSql } from '../../support/clients/token-provider.ts';
import { aClient, anInstance, aPerson, type TestClient } from '../../support/registrations/factories.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { startTestServer, type TestServer, unique } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';
import { withoutChance } from '../../tokens/recorder.ts';
import { CHEAP_HASHES, OTHER_HASH } from '../races/two-servers.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

/** An application with somebody who is signed in, and everything that it holds. */
interface Holder {
  instance: string;
  client: TestClient;
  person: string;
  email: string;
  listnrClient: string;
  code: string;
  tokens: Record<'access_token' | 'refresh_token' | 'id_token', string>;
}

interface Elsewhere {
  url: string;
  knex: Knex;
}

const credentials = ({ client: { client_id, client_secret } }: Holder) => ({ client_id, client_secret });
const exchange = (url: string, holder: Holder) =>
  postForm(`${url}/auth/token`, {
    ...{ grant_type: 'authorization_code', code: holder.code, redirect_uri: holder.client.redirect_uri },
    ...credentials(holder),
  });
const refresh = (url: string, holder: Holder, token = holder.tokens.refresh_token) =>
  postForm(`${url}/auth/token`, {
    ...{ grant_type: 'refresh_token', refresh_token: token },
    ...credentials(holder),
  });
const revoke = (url: string, holder: Holder, token: string) =>
  postForm(`${url}/auth/revoke`, { token, ...credentials(holder) });
const change =
  (table: 'people' | 'clients', values: object) =>
  ({ knex }: Elsewhere, { person, client }: Holder) =>
    knex(table)
      .where({ id: table === 'people' ? person : client.client_id })
      .update(values);

/** The ends and changes that another process, or somebody with SQL, makes. */
const ENDS: Readonly<Record<string, (elsewhere: Elsewhere, holder: Holder) => Promise<unknown>>> = {
  'a code that was used': ({ url }, holder) => exchange(url, holder),
  'a refresh token that was used': ({ url }, holder) => refresh(url, holder),
  'a refresh token whose successor was used': async ({ url }, holder) => {
    const { body } = await refresh(url, holder);
    return refresh(url, holder, String(body.refresh_token));
  },
  'a refresh token that was revoked': ({ url }, holder) => revoke(url, holder, holder.tokens.refresh_token),
  'an access token that was revoked': ({ url }, holder) => revoke(url, holder, holder.tokens.access_token),
  'a session that was ended': ({ knex }, { person }) =>
    knex('sessions').where({ person_id: person }).delete(),
  'a grant that was ended': ({ knex }, { person }) => knex('grants').where({ person_id: person }).delete(),
  'a person who was disabled': change('people', { disabled_at: new Date() }),
  'a person with a new password': change('people', { password_hash: OTHER_HASH }),
  'a person who was deleted': ({ knex }, { person }) => knex('people').where({ id: person }).delete(),
  'a client that was disabled': change('clients', { disabled_at: new Date() }),
  'a client that may no longer refresh': change('clients', { grant_types: ['authorization_code'] }),
  'a client that lost a scope': change('clients', { scopes: ['openid'] }),
  'a client that returns elsewhere': change('clients', { redirect_uris: ['https://elsewhere.example/'] }),
  'a client that has to use DPoP': change('clients', { require_dpop: true }),
  'a client that has to use PKCE': change('clients', { require_pkce: true }),
  'a client that was removed': ({ knex }, { client }) =>
    knex('clients').where({ id: client.client_id }).delete(),
  'a client with another secret': ({ knex }, { client }) =>
    knex('client_secrets')
      .where({ client_id: client.client_id })
      .update({ digest: `sha256:${createHash('sha256').update(randomUUID()).digest('hex')}` }),
  'an instance that was removed': ({ knex }, { instance }) =>
    knex('instances').where({ id: instance }).delete(),
  'a LiSTNR client that was disabled': ({ knex }, { listnrClient }) =>
    knex('listnr_clients').where({ id: listnrClient }).update({ disabled_at: new Date() }),
  'a LiSTNR client that was removed': ({ knex }, { listnrClient }) =>
    knex('listnr_clients').where({ id: listnrClient }).delete(),
};

/** One request of each hot kind; the last two may end something themselves. */
const REQUESTS: Readonly<Record<string, (url: string, holder: Holder) => Promise<Answer>>> = {
  userinfo: (url, { tokens }) =>
    getJson(`${url}/auth/userinfo`, { authorization: `Bearer ${tokens.access_token}` }),
  'introspection of an access token': (url, holder) =>
    postForm(`${url}/auth/introspect`, { token: holder.tokens.access_token, ...credentials(holder) }),
  'introspection of a refresh token': (url, holder) =>
    postForm(`${url}/auth/introspect`, { token: holder.tokens.refresh_token, ...credentials(holder) }),
  'a LiSTNR token': (url, { tokens, listnrClient }) =>
    askToken({ url }, `Bearer ${tokens.id_token}`, { client_id: listnrClient }),
  'a refresh': refresh,
  'an exchange': exchange,
};

describe('something that ended a moment ago in another process', () => {
  let server: TestServer;
  let other: ServerProcess;
  let ways: Record<keyof typeof WAYS, Way>;
  beforeAll(async () => {
    server = await startTestServer();
    ways = { short: await openWay(server, WAYS.short), long: await openWay(server, WAYS.long) };
    other = await startServerProcess(server.database.url ?? '', { ISSUER: server.url, SEEDS_DIR });
  }, 300_000);
  afterAll(async () => {
    await other.stop();
    for (const way of Object.values(ways)) await way.close();
    await server.close();
  });

  const aHolder = async (): Promise<Holder> => {
    const instance = await anInstance(server);
    const person = await aPerson(server, { instance_id: instance, password_hash: CHEAP_HASHES[0] });
    const client = await aClient(server, { instance_id: instance });
    const listnrClient = unique('listnr');
    await server.seed(
      bearerClientSql(listnrClient, {}, [
        `('${listnrClient}', 'self', NULL, '{${client.client_id}}', '{RS256}', 'listo:')`,
      ]),
    );
    const browser = openBrowser();
    const { client_id, redirect_uri } = client;
    const code = async () => {
      const { callback } = await signIn(server.url, {
        browser,
        person,
        parameters: { client_id, redirect_uri },
      });
      return callback.get('code') ?? '';
    };
    const holder = {
      instance,
      client,
      person: person.id,
      email: person.email,
      listnrClient,
      code: await code(),
    } as Holder;
    const { body } = await exchange(server.url, holder);
    return { ...holder, code: await code(), tokens: body as Holder['tokens'] };
  };
  /** A process does this within a second, when it sees that a version rose. */
  const notice = async ({ services: { registration, denied, listnrClients } }: TestServer) => {
    registration.clear();
    await Promise.all([denied.reload(), listnrClients.reload()]);
  };
  const lineOf = async (requestId: string | null) => {
    const line = () => server.logLines().find((one) => one.requestId === requestId && one.msg === 'request');
    await until('the line of the request', () => line() !== undefined);
    const { time, ms, requestId: _id, ...rest } = line() ?? {};
    return rest;
  };
  const rowsOf = async ({ person, client: { client_id } }: Holder) => {
    const { knex } = server.database;
    const [grants, sessions, sequences, used] = await Promise.all([
      knex('grants').where({ client_id }).count(),
      knex('sessions').where({ person_id: person }).count(),
      knex('refresh_families').join('grants', 'grants.id', 'grant_id').where({ client_id }).pluck('sequence'),
      knex('artifacts')
        .join('grants', 'grants.id', 'grant_id')
        .where({ client_id })
        .whereNotNull('consumed_at')
        .count(),
    ]);
    return { grants, sessions, sequences: sequences.sort(), used };
  };
  const outcomesOf = async (holder: Holder, { port }: Way) => {
    const outcomes: Record<string, unknown> = {};
    for (const [name, send] of Object.entries(REQUESTS)) {
      const { status, headers, body } = await send(`http://localhost:${port}`, holder);
      const line = await lineOf(headers.get('x-request-id'));
      const kept = [...headers].filter(([header]) => !['date', 'x-request-id'].includes(header)).sort();
      outcomes[name] = { status, headers: kept, body: withoutChance(body, server.url), line };
    }
    return withoutNames({ outcomes, rows: await rowsOf(holder) }, holder);
  };

  it.each(Object.keys(ENDS))(
    'is answered alike by the short way and the long one: %s',
    async (name) => {
      const holders = { short: await aHolder(), long: await aHolder() };
      const elsewhere = { url: other.url, knex: server.database.knex };
      for (const holder of Object.values(holders)) await ENDS[name]?.(elsewhere, holder);
      await notice(server);
      const short = await outcomesOf(holders.short, ways.short);
      expect(short).toEqual(await outcomesOf(holders.long, ways.long));
      expect(statusesIn(short)).toMatchSnapshot();
    },
    300_000,
  );
});

/** With one name for each thing that has another one in the other world. */
function withoutNames(value: unknown, { instance, client, person, email, listnrClient }: Holder): unknown {
  const names = {
    [instance]: 'INSTANCE',
    [client.client_id]: 'CLIENT',
    [person]: 'PERSON',
    [email]: 'EMAIL',
    [listnrClient]: 'LISTNR',
  };
  let text = JSON.stringify(value);
  for (const [name, common] of Object.entries(names)) text = text.replaceAll(name, common);
  return JSON.parse(text.replaceAll(/"grant":"[\w-]{22}"/g, '"grant":"GRANT"'));
}

function statusesIn(value: unknown): Record<string, string> {
  const { outcomes } = value as {
    outcomes: Record<string, { status: number; body: { error?: string; active?: boolean } }>;
  };
  return Object.fromEntries(
    Object.entries(outcomes).map(([name, { status, body }]) => [
      name,
      [status, body.error ?? body.active].filter((part) => part !== undefined).join(' '),
    ]),
  );
}
