import { openBrowser } from '../support/browsers/browser.ts';
import { authorizationUrl } from '../support/clients/relying-party.ts';
import { aClient, anInstance } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** The link to help on a sign-in page, and on the page of a sign-in that is over. */
async function helpOf(instance: { support_uri?: string }) {
  const instance_id = await anInstance(server, instance);
  const { client_id, redirect_uri } = await aClient(server, { instance_id });
  const browser = openBrowser({ headers: { 'x-request-id': 'req-1' } });
  const url = authorizationUrl(server.url, { client_id, redirect_uri });
  const signIn = await browser.follow(await browser.get(url));
  const over = await browser.get(
    `${server.url}/interaction/an-interaction-nobody-has?client_id=${client_id}`,
  );
  return [signIn, over].map(({ status, html }) => ({
    status,
    help: /<p class="small muted">.*(?:[Hh]elp|Trouble).*<\/p>/.exec(html)?.[0],
    promises: /[Hh]elp|[Tt]rouble/.test(html),
  }));
}

it('is where the sign-in page and error pages send people, and a mail names the request of an error', async () => {
  expect(await helpOf({ support_uri: 'mailto:help@acme.example' })).toEqual([
    {
      status: 200,
      help: '<p class="small muted">Trouble signing in? <a href="mailto:help@acme.example">Ask for help</a></p>',
      promises: true,
    },
    {
      status: 400,
      help: '<p class="small muted"><a href="mailto:help@acme.example?subject=Sign-in%20problem%20(request%20req-1)">Ask for help</a>, and mention these details:</p>',
      promises: true,
    },
  ]);
});

it('is nowhere, and nobody promises help, where there is none', async () => {
  expect(await helpOf({})).toEqual([
    { status: 200, help: undefined, promises: false },
    { status: 400, help: undefined, promises: false },
  ]);
});
