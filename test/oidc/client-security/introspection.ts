import { openBrowser } from '../../support/browser.ts';
import { aClient, anInstance, type TestClient } from '../../support/factories.ts';
import { ADA, DEMO_WEB, obtainTokens, postForm, type Tokens } from '../../support/relying-party.ts';
import type { TestServer } from '../../support/test-server.ts';

export function introspectionByApis(server: () => TestServer): void {
  describe('introspection, as an API', () => {
    let tokens: Tokens;
    beforeAll(async () => {
      tokens = await obtainTokens(server().url, {}, openBrowser());
    });
    const introspect = async ({ client_id, client_secret }: TestClient, token = tokens.access_token) =>
      (await postForm(`${server().url}/auth/introspect`, { token, client_id, client_secret })).body;

    it('of the access tokens of every client of its instance', async () => {
      const api = await aClient(server(), { may_introspect: true });
      expect(await introspect(api)).toMatchObject({
        active: true,
        sub: ADA.id,
        client_id: DEMO_WEB.client_id,
        scope: 'openid profile email',
      });
    });

    it('and not of refresh tokens, which it is never sent', async () => {
      const api = await aClient(server(), { may_introspect: true });
      expect(await introspect(api, tokens.refresh_token)).toEqual({ active: false });
    });

    it('and not of another instance', async () => {
      const api = await aClient(server(), { may_introspect: true, instance_id: await anInstance(server()) });
      expect(await introspect(api)).toEqual({ active: false });
    });

    it('and otherwise only of its own', async () => {
      expect(await introspect(await aClient(server()))).toEqual({ active: false });
      expect(await introspect(DEMO_WEB)).toMatchObject({ active: true });
    });
  });
}
