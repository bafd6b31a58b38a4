import { ADA, DEMO_SPA, userinfo } from '../support/clients/relying-party.ts';
import { DEMO_ISSUER } from '../support/documents/blocks.ts';
import { documentFile } from '../support/real-clients/document.ts';
import { bundle, installNodePackages } from '../support/real-clients/node.ts';
import { openPageApplication, type PageApplication } from '../support/real-clients/page-application.ts';
import { type SecureServer, startSecureServer } from '../support/real-clients/secure-server.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';

interface Renewal {
  scope: string;
  access_token: string;
  sub: string;
}

describeWith('chromium', 'openssl')('the library of a single-page application', () => {
  let server: SecureServer;
  let packages: string;
  let application: PageApplication;
  beforeAll(async () => {
    [server, packages] = await Promise.all([startSecureServer(), installNodePackages()]);
  });
  afterEach(() => application.close());
  afterAll(() => server.close());

  /** Opens the document's lines for a library, and more lines for the page. */
  const open = async (
    heading: string,
    language: 'js' | 'ts',
    {
      more = '',
      values = { [DEMO_ISSUER]: server.url },
    }: { more?: string; values?: Record<string, string> } = {},
  ) => {
    application = await openPageApplication(server, ({ client_id, redirect_uri }) => {
      const file = documentFile(`docs/client-libraries.md#${heading}`, language, {
        ...values,
        [DEMO_SPA.client_id]: client_id,
        [DEMO_SPA.redirect_uri]: redirect_uri,
      });
      return bundle(packages, heading, `export * from ${JSON.stringify(file)};\n${more}`);
    });
  };

  /** Expects that each renewal, the first of which is the sign-in, has a living token of its own for the scope. */
  const expectSignedIn = async (renewals: Renewal[], scope: string) => {
    expect(renewals.map(({ scope, sub }) => ({ scope, sub }))).toEqual(
      renewals.map(() => ({ scope, sub: ADA.id })),
    );
    const tokens = new Set(renewals.map(({ access_token }) => access_token));
    expect(tokens.size).toBe(3);
    for (const token of tokens) expect((await userinfo(server.plainUrl, token)).status).toBe(200);
    expect(application.problems).toEqual([]);
  };

  const expectSignedOut = async (renewals: Renewal[]) => {
    for (const { access_token } of renewals)
      expect((await userinfo(server.plainUrl, access_token)).status).toBe(401);
    expect(application.problems).toEqual([]);
  };

  it('oidc-client-ts signs in and renews twice', async () => {
    await open('oidc-client-ts', 'js');
    await application.signIn('app.signIn()');
    const brief = '({ scope, access_token, profile }) => ({ scope, access_token, sub: profile.sub })';
    const renewals = await application.evaluate<Renewal[]>(
      `(async () => [await app.signedIn(), await app.renew(), await app.renew()].map(${brief}))()`,
    );
    await expectSignedIn(renewals, 'openid profile email');
  });

  it('angular-oauth2-oidc signs in, renews twice with offline_access each time, and signs out', async () => {
    await open('angular-oauth2-oidc', 'ts', {
      more: `import '@angular/compiler';
import { provideHttpClient } from '@angular/common/http';
import { createApplication } from '@angular/platform-browser';
import { OAuthService, provideOAuthClient } from 'angular-oauth2-oidc';
const { injector } = await createApplication({ providers: [provideHttpClient(), provideOAuthClient()] });
export const oauth = injector.get(OAuthService);`,
    });
    await application.signIn('app.signIn(app.oauth)');
    const renewals = await application.evaluate<Renewal[]>(`(async () => {
      const { oauth } = app;
      const brief = () => ({
        scope: oauth.getGrantedScopes().join(' '),
        access_token: oauth.getAccessToken(),
        sub: oauth.getIdentityClaims().sub,
      });
      await app.signIn(oauth);
      const all = [brief()];
      for (const _ of [1, 2]) {
        await oauth.refreshToken();
        all.push(brief());
      }
      return all;
    })()`);
    await expectSignedIn(renewals, 'openid profile email offline_access');
    await application.signOut('app.oauth.logOut()');
    await expectSignedOut(renewals);
  });

  it('MSAL signs in, renews twice with offline_access each time, and signs out', async () => {
    const { origin, host } = new URL(server.url);
    await open('msal', 'js', {
      values: {
        'https://login.example': origin,
        "'login.example'": `'${host}'`,
        // Otherwise it waits until the access token is about to expire.
        '{ scopes, account }': '{ scopes, account, forceRefresh: true }',
      },
    });
    await application.signIn('app.signIn()');
    const renewals = await application.evaluate<Renewal[]>(`(async () => {
      const first = await app.signedIn();
      window.account = first.account;
      const brief = ({ scopes, accessToken, idTokenClaims }) =>
        ({ scope: scopes.join(' '), access_token: accessToken, sub: idTokenClaims.sub });
      const all = [brief(first)];
      for (const _ of [1, 2]) all.push(brief(await app.renew(first.account)));
      return all;
    })()`);
    await expectSignedIn(renewals, 'email openid profile offline_access');
    await application.signOut('app.signOut(window.account)');
    await expectSignedOut(renewals);
  });
});
