import { REASONS } from '../../src/refusals/reasons.ts';
import { brief } from '../support/clients/relying-party.ts';
import { DEMO_SERVICE, secretClientSql } from '../support/clients/token-provider.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { AUTHORIZE_ROWS } from './error-tables/authorize-rows.ts';
import { aDevice, DEVICE_ROWS } from './error-tables/device-rows.ts';
import { NO_REFUSALS, rowsOfDocuments } from './error-tables/documents.ts';
import { LISTNR_ROWS } from './error-tables/listnr-rows.ts';
import { REQUEST_ROWS } from './error-tables/request-rows.ts';
import { TOKEN_ROWS } from './error-tables/token-rows.ts';
import { USERINFO_ROWS } from './error-tables/userinfo-rows.ts';
import {
  askWhy,
  type Credentials,
  type ErrorRow,
  explained,
  openWorld,
  refusedBy,
  secretOf,
  token,
  type World,
} from './error-tables/world.ts';

const ROWS: Readonly<Record<string, readonly ErrorRow[]>> = {
  'the authorization endpoint': AUTHORIZE_ROWS,
  'the token endpoint': TOKEN_ROWS,
  'a device': DEVICE_ROWS,
  userinfo: USERINFO_ROWS,
  LiSTNR: LISTNR_ROWS,
  'any endpoint': REQUEST_ROWS,
};

const NOT_FOUND = {
  status: 404,
  body: {
    error: 'not_found',
    error_description:
      'No refusal of this client with this request_id is recorded. One can be read a second after its answer, for a week.',
  },
};

describe('each row of the error tables is explained, with a remedy that mends the request', () => {
  let server: TestServer;
  let world: World;
  let strangers: readonly Credentials[];
  beforeAll(async () => {
    server = await startTestServer();
    world = await openWorld(server);
    await server.seed(secretClientSql('stranger', { environments: "'{dev}'" }));
    strangers = [
      await aClient(server, { id: 'stranger' }),
      { service: 'listnr', client_id: 'stranger', client_secret: DEMO_SERVICE.secret },
    ];
  });
  afterAll(() => server.close());

  describe.each(Object.entries(ROWS))('of %s:', (_where, rows) => {
    it.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
      const where = row.env ? await openWorld(await startTestServer({ env: row.env })) : world;
      const { refused, client, mend } = await row.play(where);

      const explanation = await explained(where.server, refused.requestId, { client, readBy: row.readBy });
      const { reason, sentence, remedy, error } = explanation;
      const text = REASONS[row.reason];
      expect({ reason, sentence, remedy, error }).toEqual({
        reason: row.reason,
        sentence: text.sentence,
        remedy: text.remedy,
        error: refused.error,
      });
      if (where === world)
        for (const stranger of strangers)
          expect(brief(await askWhy(server, refused.requestId, stranger))).toEqual(NOT_FOUND);
      expect(await mend(explanation)).toBe(true);
      if (where !== world) await where.server.close();
    });
  });

  it('but for a device that asks on, which is no refusal: nothing is recorded of it, and it gets its tokens', async () => {
    const { client, begin, poll, approve } = await aDevice(world);
    const code = await begin();
    const { headers, body } = await poll(code);
    expect(body.error).toBe('authorization_pending');
    const later = refusedBy(await token(world, { grant_type: 'x', ...secretOf(client) }));
    await explained(server, later.requestId, { client, readBy: 'client' });
    const pending = String(headers.get('x-request-id'));
    expect(brief(await askWhy(server, pending, client))).toEqual(NOT_FOUND);
    await approve(code);
    expect((await poll(code)).status).toBe(200);
  });

  it('and no row of a table is left out', () => {
    const proven = new Set(Object.values(ROWS).flatMap((rows) => rows.flatMap(({ of }) => of)));
    const rows = rowsOfDocuments();
    expect(rows.filter((row) => !proven.has(row) && !NO_REFUSALS.has(row))).toEqual([]);
    expect([...proven].filter((row) => !rows.includes(row))).toEqual([]);
  });
});
