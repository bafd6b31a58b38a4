import { openBrowser } from '../../support/browsers/browser.ts';
import { aCertificate } from '../../support/clients/certificates.ts';
import { aFapiClient } from '../../support/clients/fapi-client.ts';
import { aClientKey, dpopProof } from '../../support/clients/proofs.ts';
import { ADA, passThrough, postForm, signIn } from '../../support/clients/relying-party.ts';
import { aClient, aPerson } from '../../support/registrations/factories.ts';
import { enterCode, withApp } from '../../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { BEHIND_TLS_PROXY, certificateHeader } from '../../support/servers/tls-proxy.ts';
import { issued, previewed, previewOn } from './compared.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: BEHIND_TLS_PROXY });
});
afterAll(() => server.close());

const preview = async (words: string[]) => {
  const { code, read } = await previewOn(server, words);
  expect({ code, refused: read.refused }).toEqual({ code: 0, refused: [] });
  return previewed(read);
};

const userinfoProof = async (key: Awaited<ReturnType<typeof aClientKey>>, accessToken: unknown) => ({
  dpop: await dpopProof(key, {
    ...{ htm: 'GET', htu: `${server.url}/auth/userinfo` },
    accessToken: String(accessToken),
  }),
});

describe('a preview equals what is then issued, but times and ids', () => {
  it.each([
    ['fapi2', 'ES256'],
    ['fapi2', 'PS256'],
    ['fapi2', 'EdDSA'],
  ] as const)('for the profile %s with %s', async (security_profile, id_token_signed_response_alg) => {
    const bank = await aFapiClient(server, { security_profile, id_token_signed_response_alg });
    const { status, body } = await bank.exchange(await bank.obtainCode(openBrowser()));
    expect(status).toBe(200);
    const headers = await userinfoProof(bank.dpopKey, body.access_token);
    expect(
      await preview(['--client', bank.client_id, '--email', ADA.email, '--scope', 'openid email']),
    ).toEqual(await issued(server, body, { headers }));
  });

  it.each([
    ['that must prove a key', { require_dpop: true }, []],
    ['that proves a key though it need not', {}, ['--dpop']],
  ] as const)('for a client %s', async (_kind, columns, words) => {
    const { client_id, client_secret, redirect_uri } = await aClient(server, columns);
    const { callback } = await signIn(server.url, { parameters: { client_id, redirect_uri } });
    const key = await aClientKey();
    const token = `${server.url}/auth/token`;
    const { body } = await postForm(
      token,
      {
        ...{ grant_type: 'authorization_code', code: String(callback.get('code')), redirect_uri },
        ...{ client_id, client_secret },
      },
      { dpop: await dpopProof(key, { htu: token }) },
    );
    expect(body.token_type).toBe('DPoP');
    const headers = await userinfoProof(key, body.access_token);
    expect(await preview(['--client', client_id, '--person', ADA.id, ...words])).toEqual(
      await issued(server, body, { headers }),
    );
  });

  it('for a client whose tokens are bound to its certificate', async () => {
    const { client_id, client_secret, redirect_uri } = await aClient(server, {
      tls_client_certificate_bound_access_tokens: true,
    });
    const headers = certificateHeader(aCertificate());
    const { callback } = await signIn(server.url, { parameters: { client_id, redirect_uri } });
    const code = String(callback.get('code'));
    const { body } = await postForm(
      `${server.url}/auth/token`,
      { grant_type: 'authorization_code', code, redirect_uri, client_id, client_secret },
      headers,
    );
    expect(await preview(['--client', client_id, '--person', ADA.id])).toEqual(
      await issued(server, body, { headers }),
    );
  });

  it('for a device', async () => {
    const { client_id } = await aClient(server, {
      ...{ type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE, 'refresh_token'] },
    });
    const scope = 'openid profile';
    const asked = await postForm(`${server.url}/auth/device_authorization`, { client_id, scope });
    const { device_code, verification_uri_complete } = asked.body as Record<string, string>;
    const browser = openBrowser();
    const page = await browser.get(String(verification_uri_complete));
    await passThrough(await browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' })), {
      browser,
    });
    const fields = { grant_type: DEVICE_CODE, client_id, device_code: String(device_code) };
    const { status, body } = await postForm(`${server.url}/auth/token`, fields);
    expect(status).toBe(200);
    expect(await preview(['--client', client_id, '--email', ADA.email, '--scope', scope])).toEqual(
      await issued(server, body),
    );
  });

  it('for a person who is asked for a second factor', async () => {
    const person = await aPerson(server);
    const { app } = await withApp(server, person.id);
    const { client_id, client_secret, redirect_uri } = await aClient(server);
    const browser = openBrowser();
    const url = new URL('/auth/authorize', server.url);
    url.search = String(
      new URLSearchParams({ response_type: 'code', client_id, redirect_uri, scope: 'openid profile email' }),
    );
    const first = await browser.follow(await browser.get(url.href), redirect_uri);
    const page = await passThrough(first, { browser, person, stopAt: redirect_uri });
    const end = await enterCode(browser, page, { code: app.code(), stopAt: redirect_uri });
    const code = new URL(end.location ?? 'x:').searchParams.get('code') ?? '';
    const { body } = await postForm(`${server.url}/auth/token`, {
      ...{ grant_type: 'authorization_code', code, redirect_uri, client_id, client_secret },
    });
    expect(await preview(['--client', client_id, '--person', person.id])).toEqual(await issued(server, body));
  });
});
