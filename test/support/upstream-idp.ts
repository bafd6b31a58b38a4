import { once } from 'node:events';
import { createServer } from 'node:http';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import Provider, { type Adapter, type AdapterPayload, type KoaContextWithOIDC } from 'oidc-provider';
import { freePort } from './test-server.ts';

/**
 * A customer's own OpenID provider, played by the protocol library on a port of its own. Whoever comes is signed in
 * as `person` at once; profile and e-mail claims are at userinfo only, as the standard has it.
 */
export interface UpstreamIdp {
  issuer: string;
  /** Who sits at the browser; undefined: somebody who says no. */
  person: UpstreamPerson | undefined;
  /** Whether a page asks first, for tests with a real browser. */
  asks: boolean;
  /** The parameters of the authorization requests, and the credentials of the token requests, in order. */
  requests: Record<string, string>[];
  authorizations: string[];
  /** What it does wrong. */
  alterIdToken: ((claims: JWTPayload) => JWTPayload) | undefined;
  alterDiscovery: ((metadata: object) => object) | undefined;
  signsWithUnknownKey: boolean;
  tokenEndpoint: 'up' | 'cut off' | 'failing';
  userinfo: 'up' | 'refusing';
  close(): Promise<void>;
}

export interface UpstreamPerson {
  sub: string;
  claims?: Record<string, unknown>;
}

export const UPSTREAM_SECRET = 'a secret that the customer gave us';

export async function startUpstreamIdp({ redirectUri }: { redirectUri: string }): Promise<UpstreamIdp> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const keys = await generateKeyPair('RS256', { extractable: true });
  const foreign = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(keys.privateKey)), kid: 'upstream', use: 'sig', alg: 'RS256' };
  const claimsOf = new Map<string, Record<string, unknown>>();

  const client = {
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code' as const],
    client_secret: UPSTREAM_SECRET,
  };
  const { client_secret: _none, ...publicClient } = client;
  const provider = new Provider(issuer, {
    clients: [
      { ...client, client_id: 'listo', token_endpoint_auth_method: 'client_secret_basic' },
      { ...client, client_id: 'listo-post', token_endpoint_auth_method: 'client_secret_post' },
      { ...publicClient, client_id: 'listo-public', token_endpoint_auth_method: 'none' },
    ],
    adapter: keptInMemory(),
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
    jwks: { keys: [jwk as never] },
    cookies: { keys: ['upstream cookie key'] },
    claims: {
      openid: ['sub', 'mail', 'given', 'employee'],
      profile: ['name', 'given_name', 'family_name'],
      email: ['email', 'email_verified'],
    },
    scopes: ['openid', 'profile', 'email'],
    features: { devInteractions: { enabled: false } },
    findAccount: (_ctx, sub) => ({
      accountId: sub,
      claims: () => ({ sub, ...claimsOf.get(sub) }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        accountId: oidc.account?.accountId ?? '',
        clientId: oidc.client?.clientId ?? '',
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  });

  const idp: UpstreamIdp = {
    issuer,
    person: undefined,
    asks: false,
    requests: [],
    authorizations: [],
    alterIdToken: undefined,
    alterDiscovery: undefined,
    signsWithUnknownKey: false,
    tokenEndpoint: 'up',
    userinfo: 'up',
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  const resign = (idToken: string) =>
    new SignJWT(idp.alterIdToken?.(decodeJwt(idToken)) ?? decodeJwt(idToken))
      .setProtectedHeader(decodeProtectedHeader(idToken) as { alg: string })
      .sign(idp.signsWithUnknownKey ? foreign.privateKey : keys.privateKey);

  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    // It keeps nobody signed in: every visit asks anew.
    ctx.req.headers.cookie = (ctx.get('cookie') || '').replaceAll(/(^|; )_session[^;]*/g, '');
    if (ctx.path === '/auth') idp.requests.push({ ...(ctx.query as Record<string, string>) });
    if (ctx.path === '/token') idp.authorizations.push(ctx.get('authorization').split(' ')[0] ?? '');

    if (ctx.path.startsWith('/interaction/')) await interact(ctx);
    else if (ctx.path === '/token' && idp.tokenEndpoint === 'cut off') ctx.req.socket.destroy();
    else if (ctx.path === '/token' && idp.tokenEndpoint === 'failing') ctx.status = 502;
    else if (ctx.path === '/me' && idp.userinfo === 'refusing') {
      ctx.set('www-authenticate', 'Bearer error="invalid_token"');
      ctx.status = 401;
    } else await next();

    const body = ctx.body as { id_token?: string } | undefined;
    if (ctx.path === '/token' && body?.id_token)
      ctx.body = { ...body, id_token: await resign(body.id_token) };
    if (ctx.path.startsWith('/.well-known/') && body && idp.alterDiscovery)
      ctx.body = idp.alterDiscovery(body);
  });

  async function interact(ctx: KoaContextWithOIDC): Promise<void> {
    if (idp.asks && ctx.method === 'GET') {
      ctx.type = 'html';
      ctx.body = `<!doctype html><title>Customer</title><link rel="icon" href="data:,"><form method="post"><button>Continue as ${idp.person?.sub}</button></form>`;
      return;
    }
    const { person } = idp;
    if (person) claimsOf.set(person.sub, person.claims ?? {});
    ctx.respond = false;
    await provider.interactionFinished(
      ctx.req,
      ctx.res,
      person ? { login: { accountId: person.sub } } : { error: 'access_denied' },
    );
  }

  const server = createServer(provider.callback());
  server.listen(port, 'localhost');
  await once(server, 'listening');
  return idp;
}

/** Without the notice that the library's own one prints. */
function keptInMemory(): (model: string) => Adapter {
  const rows = new Map<string, AdapterPayload>();
  return (model) => {
    const key = (id: string) => `${model} ${id}`;
    return {
      upsert: async (id, payload) => void rows.set(key(id), payload),
      find: async (id) => rows.get(key(id)),
      findByUid: async (uid) => [...rows.values()].find((row) => row.kind === 'Session' && row.uid === uid),
      findByUserCode: async () => undefined,
      consume: async (id) => void rows.set(key(id), { ...rows.get(key(id)), consumed: true }),
      destroy: async (id) => void rows.delete(key(id)),
      revokeByGrantId: async () => {},
    };
  };
}
