import { freePort } from '../../scripts/free-port.ts';
import type { Page } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, DEMO_WEB } from '../support/clients/relying-party.ts';
import { blocksAt, DEMO_ISSUER, fillIn } from '../support/documents/blocks.ts';
import { startApache } from '../support/real-clients/apache.ts';
import type { ClientProgram } from '../support/real-clients/client-program.ts';
import { openPerson, type Person } from '../support/real-clients/person.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient, aPerson, withManyUserRecords } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** The folder in the document. */
const CACHE = '/var/cache/apache2/mod_auth_openidc';

interface Site {
  origin: string;
  apache: ClientProgram;
}

describeWith('apache')('mod_auth_openidc', () => {
  const [settings, rewriting] = blocksAt('docs/client-libraries.md#mod_auth_openidc', 'apache');
  let server: TestServer;
  let site: Site;
  let withoutRewriting: Site;
  beforeAll(async () => {
    server = await startTestServer();
    withoutRewriting = await startSite();
    site = await startSite(rewriting?.text);
  });
  afterAll(async () => {
    for (const { apache } of [site, withoutRewriting]) await apache.stop();
    await server.close();
  });

  const startSite = async (more = ''): Promise<Site> => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const client = await aClient(server, {
      redirect_uris: [`${origin}/callback`],
      post_logout_redirect_uris: [`${origin}/`],
      require_pkce: true,
      require_consent: true,
    });
    const values = {
      [DEMO_ISSUER]: server.url,
      [DEMO_WEB.client_id]: client.client_id,
      [DEMO_WEB.client_secret]: client.client_secret,
      [DEMO_WEB.redirect_uri]: client.redirect_uri,
    };
    return {
      origin,
      apache: await startApache(
        port,
        (cache) => `${fillIn(settings.text, { ...values, [CACHE]: cache })}${more}`,
      ),
    };
  };
  const aVisitor = () => openPerson({ url: server.url, plainUrl: server.url });

  it('signs a person in with PKCE', async () => {
    const { status, url, headers, html } = await aVisitor().visit(`${site.origin}/`);
    const person = { sub: headers.get('x-person'), email: headers.get('x-email') };
    expect({ status, url, person, html }).toEqual({
      status: 200,
      url: `${site.origin}/`,
      person: { sub: ADA.id, email: ADA.email },
      html: 'The page',
    });
  });

  /** The page of the module for a person who refuses. */
  const refusal = async ({ origin }: Site) => {
    const { browser } = aVisitor();
    const { email, password } = await aPerson(server);
    const asked = await browser.follow(await browser.get(`${origin}/`));
    const consent = await browser.follow(await browser.submit(asked, '/sign-in', { email, password }));
    return shown(await browser.follow(await browser.submit(consent, '/consent', { decision: 'deny' })));
  };

  it('shows that the person refused, or is not signed in, where the address is rewritten', async () => {
    expect(await refusal(site)).toEqual([
      'OpenID Connect Provider error: access_denied',
      'User denied authorization',
    ]);
    const { browser } = aVisitor();
    const { location } = await browser.get(`${site.origin}/`);
    const silent = await browser.get(`${location}&prompt=none`);
    expect(shown(await browser.follow(silent))).toEqual([
      'OpenID Connect Provider error: login_required',
      expect.any(String),
    ]);
  });

  it('takes an error with iss for something else, where it is not', async () => {
    expect(await refusal(withoutRewriting)).toEqual([
      'Invalid Request',
      expect.stringContaining(
        'SSO to this module without specifying a &quot;target_link_uri&quot; parameter',
      ),
    ]);
  });

  /** The module signs out, and sends the browser here again when it has come back. */
  const signsOut = async ({ browser }: Person) => {
    const back = encodeURIComponent(`${site.origin}/`);
    const end = await browser.follow(await browser.get(`${site.origin}/callback?logout=${back}`));
    expect(new URL(end.url).origin).toBe(server.url);
    expect(end.html).toContain('name="password"');
    const page = await browser.get(authorizationUrl(server.url, { prompt: 'none' }));
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('login_required');
  };

  it('signs out here as well', async () => {
    const visitor = aVisitor();
    await visitor.visit(`${site.origin}/`);
    await signsOut(visitor);
  });

  it('signs in and out a person with 130 user records', async () => {
    const { url } = server;
    const person = await withManyUserRecords(server, await aPerson(server));
    const visitor = openPerson({ url, plainUrl: url }, person);
    const { headers } = await visitor.visit(`${site.origin}/`);
    expect(headers.get('x-person')).toBe(person.id);
    await signsOut(visitor);
  });
});

/** The error and its description. */
function shown({ html }: Page): (string | undefined)[] {
  return [...html.matchAll(/<pre>([^<]*)<\/pre>/g)].map(([, text]) => text);
}
