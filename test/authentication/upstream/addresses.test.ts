import { createOutboundFetch } from '../../../src/platform/network/outbound-fetch.ts';
import { openBrowser, type Page, statusAndMessage } from '../../support/browsers/browser.ts';
import { unique } from '../../support/servers/test-server.ts';
import { startUpstreamIdp, type UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  AWAY,
  answerOf,
  CLIENT,
  CODE,
  somebody,
  startUpstreamWorld,
  UNUSABLE,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
/** The names that the server looked up. */
const asked: string[] = [];
beforeAll(async () => {
  world = await startUpstreamWorld({
    overrides: {
      outboundFetch: createOutboundFetch({
        networks: [],
        loopback: true,
        lookUp(hostname, _options, callback) {
          asked.push(hostname);
          callback(null, [{ address: hostname === 'localhost' ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
        },
      }),
    },
  });
});
afterAll(() => world.close());
beforeEach(() => {
  asked.length = 0;
});

/** Signs in at a provider whose metadata was never read. */
async function signInWith(metadata: object, issuer?: string): Promise<Page> {
  const idp: UpstreamIdp = await startUpstreamIdp({
    redirectUri: `${world.server.url}/auth/upstream/callback`,
  });
  idp.alterDiscovery = (before) => ({ ...before, ...metadata });
  idp.person = somebody();
  const client = await world.aTenant(unique('names'), {
    issuer: issuer ?? idp.issuer,
    first_sign_in: 'create',
  });
  const browser = openBrowser();
  try {
    return await browser.follow(await world.authorize(browser, client), CLIENT);
  } finally {
    await idp.close();
  }
}

function lastDetail(): unknown {
  return world.server.logLines().findLast(({ detail }) => detail !== undefined)?.detail;
}

describe('an internal address', () => {
  it.each([
    ['token_endpoint', 'http://10.0.0.1/latest/meta-data'],
    ['token_endpoint', 'https://169.254.169.254/latest/meta-data'],
    ['token_endpoint', 'https://hidden.example/token'],
    ['jwks_uri', 'http://[::ffff:a00:1]/keys'],
    ['jwks_uri', 'https://hidden.example/keys'],
    ['userinfo_endpoint', 'https://hidden.example/me'],
  ])('that a provider names as its %s is not asked: %s', async (endpoint, address) => {
    expect(statusAndMessage(await signInWith({ [endpoint]: address }))).toEqual(UNUSABLE);
    expect(lastDetail()).toBe('address_refused');
  });

  it('that is registered as a provider is not asked', async () => {
    expect(statusAndMessage(await signInWith({}, 'https://hidden.example'))).toEqual(AWAY);
    expect(asked).toEqual(['hidden.example']);
    expect(String(lastDetail())).toContain('hidden.example is not asked: its address is not public.');
  });
});

it('looks up the name of a provider once for each request', async () => {
  expect(answerOf(await signInWith({}))).toEqual(CODE);
  // Discovery, token endpoint, keys and userinfo.
  expect(asked).toEqual(['localhost', 'localhost', 'localhost', 'localhost']);
});
