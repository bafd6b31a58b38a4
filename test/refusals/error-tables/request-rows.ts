import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import {
  askToken,
  basic,
  bearerClientSql,
  DEMO_BASIC,
  DEMO_SERVICE,
  mintIdToken,
} from '../../support/clients/token-provider.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { type TestServer, unique } from '../../support/servers/test-server.ts';
import { aCode, authorize, type ErrorRow, isRight, refusedBy } from './world.ts';

const LIMITED = { FAILURES_PER_MINUTE: '3' };

/** Waits as long as an answer asks for, by moving the clock of this process. */
async function afterWaiting<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  const now = performance.now.bind(performance);
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + seconds * 1000);
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}

/** Takes the table of codes away, so that a request fails inside of the server. */
async function withoutCodes<T>({ database: { knex } }: TestServer, work: () => Promise<T>): Promise<T> {
  await knex.raw('ALTER TABLE artifacts RENAME TO artifacts_away');
  try {
    return await work();
  } finally {
    await knex.raw('ALTER TABLE artifacts_away RENAME TO artifacts');
  }
}

/** The errors of any endpoint that blame no parameter. */
export const REQUEST_ROWS: readonly ErrorRow[] = [
  {
    of: ['invalid_request 408, 413, 431'],
    name: 'a body that is too large',
    reason: 'body.too_large',
    readBy: 'operator',
    async play(world) {
      const { client, exchange } = await aCode(world);
      return {
        refused: refusedBy(await exchange({ padding: 'x'.repeat(70_000) })),
        client,
        mend: async () => isRight(await exchange()),
      };
    },
  },
  {
    of: ['too_many_requests 429'],
    name: 'a client that failed to authenticate too often',
    reason: 'limit.failures',
    readBy: 'operator',
    env: LIMITED,
    async play(world) {
      const { client, exchange } = await aCode(world);
      for (let n = 0; n < 3; n += 1) await exchange({ client_secret: 'wrong' });
      const answer = await exchange();
      return {
        refused: refusedBy(answer),
        client,
        mend: () =>
          afterWaiting(Number(answer.headers.get('retry-after')), async () => isRight(await exchange())),
      };
    },
  },
  {
    of: ['too_many_requests 429', 'listnr 429'],
    name: 'a LiSTNR client that failed to authenticate too often',
    reason: 'limit.failures',
    readBy: 'operator',
    env: LIMITED,
    async play({ server }) {
      const { id: client_id, secret: client_secret } = DEMO_SERVICE;
      const ask = (authorization: string) =>
        askToken(server, authorization, { client_id, subject: 'somebody' });
      for (let n = 0; n < 3; n += 1) await ask(basic(client_id, 'wrong'));
      const answer = await ask(DEMO_BASIC);
      return {
        refused: refusedBy(answer),
        client: { service: 'listnr', client_id, client_secret },
        mend: () =>
          afterWaiting(Number(answer.headers.get('retry-after')), async () => isRight(await ask(DEMO_BASIC))),
      };
    },
  },
  {
    of: ['temporarily_unavailable 503'],
    name: 'another provider whose keys cannot be had',
    reason: 'id_token.keys_unavailable',
    readBy: 'operator',
    async play({ server }) {
      let isAway = true;
      const host = createServer((_req, res) => {
        res.statusCode = isAway ? 500 : 200;
        res.setHeader('content-type', 'application/json');
        res.end(JSON.stringify(server.services.keyRings.oidc.jwks));
      }).listen(0, '127.0.0.1');
      host.unref();
      await new Promise((listening) => host.once('listening', listening));
      const { port } = host.address() as AddressInfo;
      const [id, iss] = [unique('application'), 'https://provider.example'];
      await server.seed(
        bearerClientSql(id, {}, [
          `('${id}', '${iss}', 'http://127.0.0.1:${port}/jwks', '{client_demo_web}', '{RS256}', NULL)`,
        ]),
      );
      const ask = async () =>
        askToken(server, `Bearer ${await mintIdToken(server, { iss })}`, { client_id: id });
      const answer = await ask();
      return {
        refused: refusedBy(answer),
        client: { service: 'listnr', client_id: id, client_secret: '' },
        async mend({ came }) {
          expect(came.jwks_uri).toBe(`http://127.0.0.1:${port}/jwks`);
          isAway = false;
          const works = await afterWaiting(Number(answer.headers.get('retry-after')), async () =>
            isRight(await ask()),
          );
          host.close();
          return works;
        },
      };
    },
  },
  {
    of: ['server_error 500'],
    name: 'a failure of the server at the token endpoint',
    reason: 'service.failure',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      return {
        refused: await withoutCodes(world.server, async () => refusedBy(await exchange())),
        client,
        mend: async () => isRight(await exchange()),
      };
    },
  },
  {
    of: ['server_error 500', 'guide authorization server_error'],
    name: 'a failure of the server at the authorization endpoint',
    reason: 'service.failure',
    readBy: 'client',
    async play(world) {
      const client = await aClient(world.server);
      return {
        refused: await withoutCodes(world.server, async () => (await authorize(world, client)).refused),
        client,
        mend: async () => (await authorize(world, client)).code !== undefined,
      };
    },
  },
];
