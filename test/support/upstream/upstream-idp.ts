import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import Provider, {
  type Adapter,
  type AdapterPayload,
  interactionPolicy,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { freePort } from '../../../scripts/free-port.ts';

/**
 * A customer's own OpenID provider, played by the protocol library on its own port. It signs in every visitor as
 * `person` at once. Profile and e-mail claims are only at userinfo, as the standard says.
 */
export interface UpstreamIdp {
  issuer: string;
  /** The person at the browser; undefined: a person who declines. */
  person: UpstreamPerson | undefined;
  /** Whether a page asks first, for tests with a real browser. */
  asks: boolean;
  /** The parameters of the authorization requests, and how the token requests authenticated, in order. */
  requests: Record<string, string>[];
  authorizations: string[];
  /** Makes the provider's tokens or metadata wrong. */
  alterIdToken: ((claims: JWTPayload) => JWTPayload) | undefined;
  alterDiscovery: ((metadata: object) => object) | undefined;
  alterTokens: ((answer: object) => unknown) | undefined;
  alterUserinfo: ((claims: object) => unknown) | undefined;
  /** A JWT that userinfo answers instead of JSON. */
  userinfoJwt: string | undefined;
  alterKeys: ((set: { keys: JWK[] }) => unknown) | undefined;
  /** The `kid` of its tokens. */
  kid: unknown;
  signsWithUnknownKey: boolean;
  /** The private key with which it signs, for ID tokens that no library would sign. */
  privateJwk: JWK;
  tokenEndpoint: 'up' | 'cut off' | 'failing';
  keySet: 'up' | 'failing';
  /** A number is the status of an answer without a challenge. */
  userinfo: 'up' | 'refusing' | 'cut off' | 'a page' | number;
  close(): Promise<void>;
}

export interface UpstreamPerson {
  sub: string;
  claims?: Record<string, unknown>;
}

export const UPSTREAM_SECRET = 'a secret that the customer gave us';

type Claims = Map<string, Record<string, unknown>>;

export async function startUpstreamIdp({ redirectUri }: { redirectUri: string }): Promise<UpstreamIdp> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const keys = await generateKeyPair('RS256', { extractable: true });
  const unknown = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(keys.privateKey)), kid: 'upstream', use: 'sig', alg: 'RS256' };
  const claims: Claims = new Map();
  const provider = createProvider({ issuer, redirectUri, jwk, claims });
  // It plays the provider of many instances, each with its own address.
  Object.assign(provider.Client.prototype, {
    redirectUriAllowed: (uri: string) => uri.startsWith(`${redirectUri}/`),
  });
  const server = createServer();

  const idp: UpstreamIdp = {
    issuer,
    person: undefined,
    asks: false,
    requests: [],
    authorizations: [],
    alterIdToken: undefined,
    alterDiscovery: undefined,
    alterTokens: undefined,
    alterUserinfo: undefined,
    userinfoJwt: undefined,
    alterKeys: undefined,
    kid: jwk.kid,
    signsWithUnknownKey: false,
    privateJwk: jwk,
    tokenEndpoint: 'up',
    keySet: 'up',
    userinfo: 'up',
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  const sign = (payload: JWTPayload, alg: string) =>
    new SignJWT(payload)
      .setProtectedHeader({ alg, kid: idp.kid as string })
      .sign(idp.signsWithUnknownKey ? unknown.privateKey : keys.privateKey);
  standBefore(provider, idp, { sign, claims });
  server.on('request', provider.callback());

  server.listen(port, 'localhost');
  await once(server, 'listening');
  return idp;
}

function createProvider({
  issuer,
  redirectUri,
  jwk,
  claims,
}: {
  issuer: string;
  redirectUri: string;
  jwk: object;
  claims: Claims;
}): Provider {
  const client = {
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code' as const],
  };
  const confidential = { ...client, client_secret: UPSTREAM_SECRET };
  return new Provider(issuer, {
    clients: [
      { ...confidential, client_id: 'listo', token_endpoint_auth_method: 'client_secret_basic' },
      { ...confidential, client_id: 'listo-post', token_endpoint_auth_method: 'client_secret_post' },
      { ...client, client_id: 'listo-public', token_endpoint_auth_method: 'none' },
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
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...claims.get(sub) }) }),
    loadExistingGrant: grantEverything,
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}`, policy: policyWithAccounts() },
  });
}

/** It takes `prompt=select_account`, and announces it if a test does. */
function policyWithAccounts() {
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  return policy;
}

async function grantEverything({ oidc }: KoaContextWithOIDC) {
  const grant = new oidc.provider.Grant({
    accountId: oidc.account?.accountId ?? '',
    clientId: oidc.client?.clientId ?? '',
  });
  grant.addOIDCScope('openid profile email');
  await grant.save();
  return grant;
}

/** Records requests, signs people in, and misbehaves as `idp` says. */
function standBefore(
  provider: Provider,
  idp: UpstreamIdp,
  { sign, claims }: { sign(payload: JWTPayload, alg: string): Promise<string>; claims: Claims },
): void {
  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    // It keeps nobody signed in: every visit signs in anew.
    ctx.req.headers.cookie = (ctx.get('cookie') || '').replaceAll(/(^|; )_session[^;]*/g, '');
    if (ctx.path === '/auth') idp.requests.push({ ...(ctx.query as Record<string, string>) });
    if (ctx.path === '/token') idp.authorizations.push(ctx.get('authorization').split(' ')[0] ?? '');

    if (ctx.path.startsWith('/interaction/')) await signIn(ctx, provider, idp, claims);
    else if (ctx.path === '/token' && idp.tokenEndpoint === 'cut off') ctx.req.socket.destroy();
    else if (ctx.path === '/token' && idp.tokenEndpoint === 'failing') ctx.status = 502;
    else if (ctx.path === '/jwks' && idp.keySet === 'failing') ctx.status = 503;
    else if (ctx.path === '/me' && idp.userinfo === 'refusing') {
      ctx.set('www-authenticate', 'Bearer error="invalid_token"');
      ctx.status = 401;
    } else if (ctx.path === '/me' && idp.userinfo === 'cut off') ctx.req.socket.destroy();
    else if (ctx.path === '/me' && idp.userinfo === 'a page')
      ctx.body = '<!doctype html><title>Sign in</title>';
    else if (ctx.path === '/me' && typeof idp.userinfo === 'number') {
      ctx.status = idp.userinfo;
      ctx.body = { error: 'not here' };
    } else await next();

    const body = ctx.body as { id_token?: string } | undefined;
    if (ctx.path === '/token' && body?.id_token) {
      const payload = decodeJwt(body.id_token);
      const { alg = '' } = decodeProtectedHeader(body.id_token);
      ctx.body = { ...body, id_token: await sign(idp.alterIdToken?.(payload) ?? payload, alg) };
    }
    const alter = { '/token': idp.alterTokens, '/me': idp.alterUserinfo, '/jwks': idp.alterKeys }[ctx.path];
    if (alter) {
      ctx.type = 'json';
      ctx.body = JSON.stringify(alter(ctx.body as { keys: JWK[] }));
    }
    if (ctx.path === '/me' && idp.userinfoJwt) {
      ctx.type = 'application/jwt';
      ctx.body = idp.userinfoJwt;
    }
    if (ctx.path.startsWith('/.well-known/') && body && idp.alterDiscovery)
      ctx.body = idp.alterDiscovery(body);
  });
}

async function signIn(
  ctx: KoaContextWithOIDC,
  provider: Provider,
  { person, asks }: UpstreamIdp,
  claims: Claims,
): Promise<void> {
  if (asks && ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = `<!doctype html><title>Customer</title><link rel="icon" href="data:,"><form method="post"><button>Continue as ${person?.sub}</button></form>`;
    return;
  }
  if (person) claims.set(person.sub, person.claims ?? {});
  ctx.respond = false;
  await provider.interactionFinished(
    ctx.req,
    ctx.res,
    person ? { login: { accountId: person.sub }, select_account: {} } : { error: 'access_denied' },
  );
}

/** Storage that does not print the library's notice. */
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
