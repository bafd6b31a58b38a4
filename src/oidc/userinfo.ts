import type { Context, Middleware } from 'koa';
import type { ClientStore } from '../clients/client-store.ts';
import { type DpopProof, PROOF_ALGORITHMS, verifyDpopProof } from '../clients/dpop-proof.ts';
import { OAuthError } from '../clients/oauth-error.ts';
import { refuseOtherOrigin } from '../clients/origins.ts';
import { singleParameters } from '../clients/single-parameters.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { isIdToken, readAccessToken } from '../tokens/access-token.ts';
import { TokenError } from '../tokens/errors.ts';
import { type UserinfoDependencies, userinfo } from '../tokens/userinfo.ts';
import { allowOrigin } from './answers/cross-origin.ts';
import { plainDescription } from './answers/plain-description.ts';
import type { Describe, ParsedRequest } from './mount.ts';
import { PATHS } from './routes.ts';

interface Dependencies extends UserinfoDependencies {
  issuer: string;
  keyRing: KeyRing;
  clients: ClientStore;
  describe: Describe;
}

/** The token of a request, and the text of its proof, if it has one. */
interface Presented {
  accessToken: string;
  proof: string | undefined;
}

/**
 * Answers userinfo before the library, whose route cannot be replaced. The library answers preflights. A refusal has
 * the challenge of RFC 6750 section 3, or of RFC 9449 section 7.1.
 */
export function answerUserinfo(dependencies: Dependencies): Middleware {
  return async (ctx, next) => {
    if (ctx.method === 'OPTIONS') return next();
    ctx.vary('Origin');
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate');
    try {
      ctx.body = await answer(ctx, dependencies);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      dependencies.describe(ctx.req, { error: error.code, detail: error.detail });
      refuse(ctx, error, dependencies);
    }
  };
}

async function answer(ctx: Context, dependencies: Dependencies): Promise<Record<string, unknown>> {
  const { clients, describe } = dependencies;
  const parameters = readParameters(ctx);
  const presented = readPresented(ctx, parameters.access_token);
  const proof = await readProof(ctx, presented, dependencies);
  const token = readAccessToken(presented.accessToken, dependencies);
  if (!token) throw new TokenError('invalid_token', whyUnreadable(presented.accessToken, dependencies));
  const { client_id, sub: person, grant_id: grant } = token.claims;
  describe(ctx.req, { client: client_id, clientIs: 'registered', person, grant });
  ctx.state.isBound = token.claims.cnf !== undefined;
  const client = await clients.find(client_id);
  if (client) {
    refuseOtherOrigin(client, ctx.get('Origin') || undefined);
    allowOrigin(ctx, client);
  }
  return userinfo({ token, client, scope: parameters.scope, proof }, dependencies);
}

/** An ID token names what it is, so nobody learns anything by being told. */
function whyUnreadable(text: string, { issuer }: Dependencies): string {
  return isIdToken(text, issuer)
    ? 'This is an ID token, which is for its client alone: send the access token'
    : 'Access token is not valid';
}

function readParameters(ctx: Context): { access_token: string | undefined; scope: string | undefined } {
  const all = ctx.method === 'POST' ? ((ctx.req as ParsedRequest).body ?? {}) : ctx.query;
  return singleParameters(all, ['scope', 'access_token']);
}

/** Reads the header or the form (RFC 6750 section 2), never the address. */
function readPresented(ctx: Context, parameter: string | undefined): Presented {
  const header = ctx.get('Authorization');
  const proof = ctx.get('DPoP') || undefined;
  const inForm = ctx.method === 'POST' ? parameter : undefined;
  const inAddress = ctx.query.access_token;
  if ([header, inForm, inAddress].filter(Boolean).length > 1)
    throw invalidRequest('access token must only be provided using one mechanism');
  if (header) return { accessToken: readHeader(header, proof !== undefined), proof };
  if (inAddress) throw invalidRequest('access tokens must not be provided via query parameter');
  if (!inForm) throw new TokenError('invalid_token', NOTHING_PRESENTED);
  if (proof) throw invalidRequest('`DPoP` tokens must be provided via an authorization header');
  return { accessToken: inForm, proof };
}

const NOTHING_PRESENTED = 'no access token provided';

function readHeader(header: string, hasProof: boolean): string {
  const [scheme = '', token = '', ...more] = header.split(' ');
  const known = scheme.toLowerCase();
  if (token === '' || more.length > 0) throw invalidRequest('invalid authorization header value format');
  if (hasProof && known !== 'dpop')
    throw invalidRequest('authorization header scheme must be `DPoP` when DPoP is used');
  if (!hasProof && known === 'dpop') throw invalidRequest('`DPoP` header not provided');
  if (!hasProof && known !== 'bearer') throw invalidRequest('authorization header scheme must be `Bearer`');
  return token;
}

async function readProof(
  ctx: Context,
  { accessToken, proof }: Presented,
  { issuer, clock }: Dependencies,
): Promise<DpopProof | undefined> {
  if (proof === undefined) return undefined;
  const target = { method: ctx.method, url: `${issuer}${PATHS.userinfo}`, now: clock.now(), accessToken };
  return verifyDpopProof(proof, target).catch((error: Error) => {
    throw new TokenError('invalid_dpop_proof', error.message);
  });
}

function invalidRequest(description: string): TokenError {
  return new TokenError('invalid_request', description);
}

const STATUS: Record<string, number> = { invalid_request: 400, insufficient_scope: 403 };

function refuse(ctx: Context, { code, message, members }: OAuthError, { issuer }: Dependencies): void {
  const realm = `realm="${issuer}"`;
  const description = plainDescription(message);
  const algorithms = `algs="${PROOF_ALGORITHMS.join(' ')}"`;
  const details = [
    realm,
    `error="${code}"`,
    `error_description="${description}"`,
    ...(members.scope ? [`scope="${members.scope}"`] : []),
  ];
  const isDpop = ctx.get('DPoP') !== '' || /^dpop /i.test(ctx.get('Authorization')) || ctx.state.isBound;
  const challenge = isDpop ? `DPoP ${[...details, algorithms].join(', ')}` : `Bearer ${details.join(', ')}`;
  ctx.status = STATUS[code] ?? 401;
  // RFC 6750 section 3.1: the answer to a request without a token says how to present one, but reports no error.
  const howTo = `Bearer ${realm}, DPoP ${realm}, ${algorithms}`;
  ctx.set('WWW-Authenticate', message === NOTHING_PRESENTED ? howTo : challenge);
  ctx.body = { error: code, error_description: description, ...members };
}
