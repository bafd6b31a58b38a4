import { readFileSync } from 'node:fs';
import { Refusal } from '../../scripts/refusal.ts';
import { ISSUER } from './server.ts';

/** A server to test: its address, its endpoints, and a client and sessions. */
export interface Target {
  /** Its scheme, host and port. */
  base: string;
  endpoints: Endpoints;
  client: {
    id: string;
    secret: string;
    redirectUri: string;
    scope: string;
    /** How the client authenticates at the token endpoint. */
    authentication: 'basic' | 'post';
  };
  /** Values of the `Cookie` header, each from a signed-in browser. */
  sessions: string[];
  /** Whether it is this repository's server, with LiSTNR and the benchmark's seed. */
  ours: boolean;
}

export interface Endpoints {
  discovery: string;
  authorization: string;
  token: string;
  userinfo: string;
  introspection: string | undefined;
  jwks: string;
}

/** The content of a `--credentials` file. */
interface Credentials {
  client_id: string;
  client_secret: string;
  redirect_uri: string;
  scope?: string;
  authentication?: 'basic' | 'post';
  sessions: string[];
}

/** Our own server with the benchmark's seed, at `base`. Nobody is signed in yet. */
export async function ownTarget(base: string): Promise<Target> {
  return {
    base,
    endpoints: await discover(base, ISSUER),
    client: {
      id: 'bench-web',
      secret: 'bench-web-secret-not-for-production-00001',
      redirectUri: 'https://app.bench.example/callback',
      scope: 'openid profile email',
      authentication: 'basic',
    },
    sessions: [],
    ours: true,
  };
}

/** Another server, with the client and sessions in the file. @throws Refusal when one of them is missing. */
export async function peerTarget(url: string, file: string | undefined): Promise<Target> {
  if (!file)
    throw new Refusal('--against needs --credentials FILE: a client of that server, and signed-in sessions.');
  const given = JSON.parse(readFileSync(file, 'utf8')) as Partial<Credentials>;
  const { client_id, client_secret, redirect_uri, sessions = [] } = given;
  if (!client_id || !client_secret || !redirect_uri || sessions.length === 0)
    throw new Refusal(`${file} needs client_id, client_secret, redirect_uri and sessions.`);
  const issuer = url.replace(/\/$/, '');
  return {
    base: new URL(issuer).origin,
    endpoints: await discover(issuer, issuer),
    client: {
      id: client_id,
      secret: client_secret,
      redirectUri: redirect_uri,
      scope: given.scope ?? 'openid profile email',
      authentication: given.authentication ?? 'basic',
    },
    sessions,
    ours: false,
  };
}

/** Endpoints keep the host that the server announces, but connections go to `base`. */
async function discover(reached: string, issuer: string): Promise<Endpoints> {
  const path = '/.well-known/openid-configuration';
  const answer = await fetch(`${reached}${path}`);
  if (answer.status !== 200) throw new Refusal(`${reached}${path} answers ${answer.status}.`);
  const metadata = (await answer.json()) as Record<string, string | undefined>;
  const endpoint = (name: string) => {
    const value = metadata[name];
    if (!value) throw new Refusal(`${reached}${path} names no ${name}.`);
    return value;
  };
  return {
    discovery: `${issuer}${path}`,
    authorization: endpoint('authorization_endpoint'),
    token: endpoint('token_endpoint'),
    userinfo: endpoint('userinfo_endpoint'),
    introspection: metadata.introspection_endpoint,
    jwks: endpoint('jwks_uri'),
  };
}
