/** The library's paths, by its names for them; the contract with the outside fixes each. */
export const PATHS = {
  authorization: '/auth/authorize',
  token: '/auth/token',
  userinfo: '/auth/userinfo',
  revocation: '/auth/revoke',
  introspection: '/auth/introspect',
  end_session: '/auth/logout',
  pushed_authorization_request: '/auth/par',
  device_authorization: '/auth/device_authorization',
  code_verification: '/auth/device',
  jwks: '/auth/jwks',
} as const;

interface ProtocolRoute {
  path: string;
  methods: readonly string[];
  /** Called by programs: errors are JSON whatever the request accepts. */
  api: boolean;
  /** Media types a body may have besides a form. */
  json?: boolean;
  /** The client authenticates here, so failures are counted. */
  authenticates?: boolean;
}

/** Every path the library serves. (Signing out is served by our own pages, at the path it announces.) */
export const PROTOCOL_ROUTES: readonly ProtocolRoute[] = [
  { path: PATHS.authorization, methods: ['GET', 'POST'], api: false },
  { path: `${PATHS.authorization}/:uid`, methods: ['GET'], api: false },
  { path: PATHS.token, methods: ['POST', 'OPTIONS'], api: true, json: true, authenticates: true },
  { path: PATHS.userinfo, methods: ['GET', 'POST', 'OPTIONS'], api: true },
  { path: PATHS.revocation, methods: ['POST', 'OPTIONS'], api: true, authenticates: true },
  { path: PATHS.introspection, methods: ['POST', 'OPTIONS'], api: true, authenticates: true },
  { path: PATHS.pushed_authorization_request, methods: ['POST', 'OPTIONS'], api: true, authenticates: true },
  { path: PATHS.device_authorization, methods: ['POST', 'OPTIONS'], api: true, authenticates: true },
  { path: PATHS.code_verification, methods: ['GET', 'POST'], api: false },
  { path: `${PATHS.code_verification}/:uid`, methods: ['GET'], api: false },
  { path: PATHS.jwks, methods: ['GET', 'OPTIONS'], api: true },
  { path: '/.well-known/openid-configuration', methods: ['GET', 'OPTIONS'], api: true },
  { path: '/.well-known/oauth-authorization-server', methods: ['GET', 'OPTIONS'], api: true },
];

/** The same for everybody, so caches may keep them. */
export const DOCUMENTS: ReadonlySet<string> = new Set([
  PATHS.jwks,
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
]);
