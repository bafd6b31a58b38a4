import { decodeJwt } from 'jose';
import { freePort } from '../../../scripts/free-port.ts';
import {
  DEMO_WEB,
  obtainTokens,
  postForm,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_APP, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { AWAY } from '../../support/servers/away.ts';
import { recordsDuring } from './records.ts';
import { type FaultyServer, openStage, type Stage, WAYS, type WayName } from './stage.ts';
import { answerOf } from './states.ts';

const CREDENTIALS = { client_id: DEMO_WEB.client_id, client_secret: DEMO_WEB.client_secret };

describe('a database that goes away in the middle of a request', () => {
  let stage: Stage;
  let servers: Record<WayName, FaultyServer>;
  let tokens: Tokens;
  beforeAll(async () => {
    stage = await openStage();
    servers = { short: await stage.startFaulty('short'), long: await stage.startFaulty('long') };
    tokens = await obtainTokens(stage.calm.short.url);
  }, 300_000);
  afterAll(async () => {
    for (const way of WAYS) await servers[way].close();
    await stage.close();
  });

  const introspect = (url: string, token = '') =>
    postForm(`${url}/auth/introspect`, { ...CREDENTIALS, token });
  const readAll = (url: string) => [
    userinfo(url, tokens.access_token),
    introspect(url, tokens.access_token),
    introspect(url, tokens.refresh_token),
  ];
  const both = async (outcome: (server: FaultyServer) => Promise<object>) => {
    const short = await outcome(servers.short);
    expect(short).toEqual(await outcome(servers.long));
    return short;
  };

  it.each(['unsent', 'unanswered'] as const)(
    'is told to userinfo and introspection, with the statement %s, and both work again afterwards',
    async (how) => {
      const { jti } = decodeJwt(tokens.access_token);
      const byToken = { name: 'find_access_token_state', value: Buffer.from(String(jti)) };
      const family = Buffer.from(tokens.refresh_token?.split('.')[0] ?? '', 'base64url');
      const statements = [byToken, byToken, { name: 'find_refresh_family', value: family }];
      const outcome = await both(async (server) => {
        server.statements.forget();
        let answers: unknown[] = [];
        const records = await recordsDuring(server, statements.length, async () => {
          server.statements.breakOff(how, statements, server.wire.cut);
          answers = await Promise.all(readAll(server.url).map(answerOf));
        });
        const sent = [byToken.value, family].map(server.statements.sent);
        const again = await Promise.all(readAll(server.url));
        return { answers, records, sent, again: again.map(({ status, body }) => [status, body.active]) };
      });
      const line = expect.objectContaining({ status: 503, error: 'temporarily_unavailable' });
      expect(outcome).toMatchObject({
        answers: Array(3).fill(AWAY),
        records: { lines: Array(3).fill(line), errors: [] },
        sent: [['find_access_token_state', 'find_access_token_state'], ['find_refresh_family']],
        again: [
          [200, undefined],
          [200, true],
          [200, true],
        ],
      });
    },
    300_000,
  );

  it('is nothing to LiSTNR, which asks it nothing', async () => {
    const outcome = await both(async ({ url, wire }) => {
      const ask = () => [
        askToken({ url }, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' }),
        askToken({ url }, `Bearer ${tokens.id_token}`, { client_id: DEMO_APP, scope: 'read:profile' }),
      ];
      wire.lead(await freePort());
      wire.cut();
      const answers = await Promise.all(ask());
      wire.lead(stage.databasePort);
      return { statuses: answers.map(({ status }) => status) };
    });
    expect(outcome).toEqual({ statuses: [200, 200] });
  });
});
