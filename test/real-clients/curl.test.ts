import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, DEMO_WEB } from '../support/clients/relying-party.ts';
import { blocksAt, DEMO_ISSUER, fillIn } from '../support/documents/blocks.ts';
import { openShell, type Shell } from '../support/documents/shell.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

const WHY = 'docs/integrating.md#why-did-this-fail';
const PLACE = 'docs/integrating.md#the-whole-flow-with-curl';
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const ID = { sub: ADA.id, workerProfileId: 'worker-profile-1815' };

const describeCurl = describeWith('curl', 'openssl');

let server: TestServer;
let folder: string;
let shell: Shell;
beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), 'listo-curl-'));
  symlinkSync(MODULES, join(folder, 'node_modules'));
  shell = openShell({ cwd: folder });
});
afterAll(async () => {
  shell.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Signs Ada in at an address that an application made. Returns the address to which the browser is sent. */
async function signInAt(address: string): Promise<string> {
  const browser = openBrowser();
  const page = await browser.follow(await browser.get(address));
  const { email, password } = ADA;
  const end = await browser.follow(
    await browser.submit(page, '/sign-in', { email, password }),
    DEMO_WEB.redirect_uri,
  );
  return end.location ?? '';
}

describeCurl('the LiSTNR token of README.md', () => {
  it('comes with the words of the page', async () => {
    const [block] = blocksAt('README.md#what-a-listnr-token-is-for', 'sh');
    const answer = await shell.run(fillIn(block.text, { [DEMO_ISSUER]: server.url }));
    const body = { access_token: expect.any(String), token_type: 'Bearer', expires_in: 900 };
    expect(JSON.parse(answer)).toEqual(body);
  });
});

describeCurl('“Why did this fail?” of docs/integrating.md', () => {
  it('is answered with what the page shows', async () => {
    const redirect_uri = 'http://127.0.0.1:9999/calback';
    const page = await openBrowser().get(authorizationUrl(server.url, { redirect_uri }));
    expect(page.status).toBe(400);
    const request_id = String(page.headers.get('x-request-id'));
    expect(page.html).toContain(`<dt>Request</dt><dd><code>${request_id}</code></dd>`);
    const [block] = blocksAt(WHY, 'sh');
    const [shown] = blocksAt(WHY, 'json');
    const values = { [DEMO_ISSUER]: server.url, 'PUT-THE-ID-HERE': request_id };
    let answer: Record<string, unknown> = {};
    await until('the refusal is recorded', async () => {
      answer = JSON.parse(await shell.run(fillIn(block.text, values)));
      return answer.error !== 'not_found';
    });
    expect(answer).toEqual({
      ...JSON.parse(shown.text),
      request_id,
      at: expect.any(String),
      expected: answer.expected,
    });
    expect(answer.expected).toEqual({ redirect_uri: expect.arrayContaining([DEMO_WEB.redirect_uri]) });
  });
});

describeCurl('the flow of docs/integrating.md, as bash', () => {
  it('discovers, signs in, exchanges, asks, refreshes, and gets and verifies tokens', async () => {
    const [begin, exchange, verify] = blocksAt(PLACE, 'sh');
    const [program] = blocksAt(PLACE, 'js');
    const here = { [DEMO_ISSUER]: server.url };

    const begun = (await shell.run(fillIn(begin.text, here))).trim().split('\n');
    expect(begun).toHaveLength(2);
    expect(JSON.parse(begun[0] ?? '')).toMatchObject({
      issuer: server.url,
      token_endpoint: `${server.url}/auth/token`,
    });

    const answer = await signInAt(begun[1] ?? '');
    const answers = (await shell.run(fillIn(exchange?.text ?? '', { 'PUT THE ADDRESS HERE': answer })))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const tokens = {
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.any(String),
      id_token: expect.any(String),
      scope: 'openid profile email',
    };
    expect(answers).toEqual([
      tokens,
      expect.objectContaining({ ...ID, email: ADA.email, email_verified: true, name: 'Ada Lovelace' }),
      tokens,
      { access_token: expect.any(String), token_type: 'Bearer', expires_in: 900 },
    ]);
    expect(answers[2].refresh_token).not.toBe(answers[0].refresh_token);

    writeFileSync(join(folder, 'verify.mjs'), fillIn(program.text, here));
    const verified = await shell.run(verify?.text ?? '');
    expect(verified).toContain(`aud: 'client_demo_web'`);
    expect(verified).toContain(`aud: 'demo-app'`);
    expect(verified.match(new RegExp(`sub: '${ADA.id}'`, 'g'))).toHaveLength(2);
  });
});
