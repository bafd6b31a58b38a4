import { ENDPOINT_PATHS } from '../endpoints/paths.ts';

/** The library's paths, under the library's names. The public contract fixes each of them. */
export const PATHS = {
  ...ENDPOINT_PATHS,
  authorization: '/auth/authorize',
  end_session: '/auth/logout',
  pushed_authorization_request: '/auth/par',
  device_authorization: '/auth/device_authorization',
  code_verification: '/auth/device',
  jwks: '/auth/jwks',
} as const;

/**
 * The address of an interaction's page. It names the client, so that the page leads back to the application when the
 * interaction is long gone.
 */
export function interactionAddress(uid: string, clientId: unknown, step = ''): string {
  const query = typeof clientId === 'string' ? `?${new URLSearchParams({ client_id: clientId })}` : '';
  return `/interaction/${encodeURIComponent(uid)}${step}${query}`;
}

/** The chains of middleware that a request may pass on its way to the library (app.ts). */
export type ProtocolRouteKind =
  /** An application sends a browser here to ask for an authorization. */
  | 'authorization'
  /** The browser comes back here from our pages. */
  | 'resumption'
  /** A person types a device's code here. */
  | 'user_code'
  /** A client authenticates and asks for tokens, with a form or JSON. */
  | 'token'
  /** A client authenticates and asks for something else. */
  | 'client'
  /** A client authenticates and asks about a token. */
  | 'introspection'
  | 'revocation'
  /** A client presents an access token. */
  | 'userinfo'
  /** The same for everybody, so caches may keep it. */
  | 'document';

interface ProtocolRoute {
  path: string;
  methods: readonly string[];
  kind: ProtocolRouteKind;
}

/**
 * All paths that the library serves. (The edge `sign-out/` serves signing out, at the path that the library
 * announces.)
 */
export const PROTOCOL_ROUTES: readonly ProtocolRoute[] = [
  { path: PATHS.authorization, methods: ['GET', 'POST'], kind: 'authorization' },
  { path: `${PATHS.authorization}/:uid`, methods: ['GET'], kind: 'resumption' },
  { path: PATHS.token, methods: ['POST', 'OPTIONS'], kind: 'token' },
  { path: PATHS.userinfo, methods: ['GET', 'POST', 'OPTIONS'], kind: 'userinfo' },
  { path: PATHS.revocation, methods: ['POST', 'OPTIONS'], kind: 'revocation' },
  { path: PATHS.introspection, methods: ['POST', 'OPTIONS'], kind: 'introspection' },
  { path: PATHS.pushed_authorization_request, methods: ['POST', 'OPTIONS'], kind: 'client' },
  { path: PATHS.device_authorization, methods: ['POST', 'OPTIONS'], kind: 'client' },
  { path: PATHS.code_verification, methods: ['GET', 'POST'], kind: 'user_code' },
  { path: `${PATHS.code_verification}/:uid`, methods: ['GET'], kind: 'resumption' },
  { path: PATHS.jwks, methods: ['GET', 'OPTIONS'], kind: 'document' },
  { path: '/.well-known/openid-configuration', methods: ['GET', 'OPTIONS'], kind: 'document' },
  { path: '/.well-known/oauth-authorization-server', methods: ['GET', 'OPTIONS'], kind: 'document' },
];

/** The paths of the documents. */
export const DOCUMENTS: ReadonlySet<string> = new Set(
  PROTOCOL_ROUTES.filter(({ kind }) => kind === 'document').map(({ path }) => path),
);
