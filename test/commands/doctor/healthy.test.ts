import { serverSettings } from '../../../src/config.ts';
import { runOn, TEST_ENVIRONMENT } from '../../support/registrations/command-line.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const doctor = (...words: string[]) =>
  // The Postgres of the tests is made to be fast, and forgets; the embedded database is not asked for that.
  runOn({ ...server.database, kind: 'embedded' }, ['doctor', ...words], {
    server: () => serverSettings({ ...TEST_ENVIRONMENT, ISSUER: server.url }),
  });

describe('doctor', () => {
  it('finds nothing at a server that is well, and says what it saw', async () => {
    const { code, out, err } = await doctor();
    expect({ code, err, last: out.join('\n').split('\n').at(-1) }).toEqual({
      code: 0,
      err: '',
      last: 'Nothing is wrong.',
    });
    expect(
      out
        .join('\n')
        .split('\n\n')[0]
        ?.split('\n')
        .map((line) => line.split(/ {2,}/)[0]),
    ).toEqual([
      'configuration',
      'database',
      'schema',
      'housekeeping',
      'keys',
      'client secrets',
      'deliveries',
      'TLS',
      'issuer',
      'proxy',
      'mail',
      'outbound',
      'providers',
    ]);
  });

  it('says the same to programs', async () => {
    const { code, out } = await doctor('--json');
    const { checks, findings } = JSON.parse(out.join('\n'));
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    expect(
      checks.map(({ check, outcome }: { check: string; outcome: string }) => `${check} ${outcome}`),
    ).toEqual([
      'configuration fine',
      'database fine',
      'schema fine',
      'housekeeping fine',
      'keys fine',
      'client secrets fine',
      'deliveries fine',
      'TLS not_checked',
      'issuer fine',
      'proxy fine',
      'mail not_checked',
      'outbound not_checked',
      'providers not_checked',
    ]);
  });

  it('asks another address, if it is told to', async () => {
    const { findings } = JSON.parse((await doctor('--json', '--url', 'http://localhost:1')).out.join('\n'));
    expect(findings.map(({ name }: { name: string }) => name)).toEqual(['issuer.unreachable']);
    expect(await doctor('--url', 'login.example')).toEqual({
      code: 1,
      out: [],
      err: '--url takes the address of the issuer, such as https://login.example.\n',
    });
  });
});
