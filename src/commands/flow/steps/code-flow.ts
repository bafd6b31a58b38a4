import * as oidc from 'openid-client';
import { OperatorError } from '../../../platform/errors.ts';
import type { FlowClient } from '../registration.ts';
import { isLoopback, type Listener, listenAt } from '../requests/loopback.ts';
import { Refused } from '../requests/refused.ts';
import type { Played } from './played.ts';
import { partOf } from './tokens-printed.ts';

export type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

/** Plays the authorization code flow with PKCE: sends the person's browser, waits for the answer, exchanges the code. */
export async function codeFlow(played: Played): Promise<Tokens> {
  const { config, client, options, transcript, DPoP } = played;
  const listener = await listen(client, played);
  try {
    const redirectUri = listener?.redirectUri ?? chosenUri(client, options.redirectUri);
    const checks = {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: oidc.randomState(),
      expectedNonce: oidc.randomNonce(),
      idTokenExpected: played.scope.split(' ').includes('openid'),
    };
    const url = await authorizationAddress(played, redirectUri, checks);
    // It would ask for the mode jwt, and the registration may have another one.
    if (answersByJwt(client)) oidc.useJwtResponseMode(config);
    transcript.step('The person signs in');
    transcript.tell('Open this address in a browser:');
    transcript.tell(url.href);
    const answer = await answerOf(listener, played);
    transcript.step('Exchange the code');
    // The library takes the address of the answer without its parameters, and a registered one may have some.
    transcript.redirectUri = redirectUri;
    return await oidc.authorizationCodeGrant(config, answer, checks, undefined, DPoP ? { DPoP } : undefined);
  } finally {
    listener?.close();
  }
}

interface Checks {
  pkceCodeVerifier: string;
  expectedState: string;
  expectedNonce: string;
}

/** The address of the authorization request, which is signed and pushed where the client does that. */
async function authorizationAddress(
  { config, client, options, credentials, scope, transcript, DPoP }: Played,
  redirectUri: string,
  { pkceCodeVerifier, expectedState: state, expectedNonce: nonce }: Checks,
): Promise<URL> {
  const { claims, prompt } = options;
  const parameters = {
    ...{ response_type: 'code', redirect_uri: redirectUri, scope, state, nonce },
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...responseMode(client),
    ...(claims === undefined ? {} : { claims }),
    ...(prompt === undefined ? {} : { prompt }),
  };
  const signed =
    client.signsRequests && credentials.key
      ? (await oidc.buildAuthorizationUrlWithJAR(config, parameters, credentials.key)).searchParams
      : parameters;
  if (!client.pushes && !options.par) {
    const url = oidc.buildAuthorizationUrl(config, signed as Record<string, string>);
    await probe(url, { options, transcript });
    return url;
  }
  transcript.step('Push the authorization request');
  return oidc.buildAuthorizationUrlWithPAR(
    config,
    signed as Record<string, string>,
    DPoP ? { DPoP } : undefined,
  );
}

/** Asks whether the server takes the request, so that nobody has to read an error page in a browser. */
async function probe(
  url: URL,
  { options, transcript }: Pick<Played, 'options' | 'transcript'>,
): Promise<void> {
  // Nobody is signed in here.
  if (options.prompt === 'none') return;
  transcript.step('Does the server take the authorization request?');
  const answer = await transcript.fetch(url.href, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
  });
  const to = answer.headers.get('location') ?? '';
  const isToPage = to.startsWith('/') || to.startsWith(`${options.issuer}/`);
  if (answer.status < 400 && isToPage) return;
  throw new Refused(
    'The server refuses the authorization request.',
    URL.canParse(to) ? errorIn(new URL(to)) : undefined,
  );
}

/** The parameters of an error, which may be in a JWT. */
function errorIn({ searchParams, hash }: URL): Record<string, unknown> {
  const all = {
    ...Object.fromEntries(searchParams),
    ...Object.fromEntries(new URLSearchParams(hash.slice(1))),
  };
  return all.response === undefined ? all : partOf(all.response.split('.')[1]);
}

/** The first of the modes that this command reads. Nothing is said where the usual one does. */
function responseMode({ responseModes }: FlowClient): { response_mode?: string } {
  if (responseModes === null) return {};
  const mode = ['query', 'query.jwt', 'jwt', 'form_post', 'form_post.jwt', 'fragment', 'fragment.jwt'].find(
    (one) => responseModes.includes(one),
  );
  return mode === undefined ? {} : { response_mode: mode };
}

function answersByJwt(client: FlowClient): boolean {
  return responseMode(client).response_mode?.endsWith('jwt') ?? false;
}

/** Listens at a registered address on loopback; undefined where that cannot be. */
async function listen(
  client: FlowClient,
  { options, transcript, issuer }: Played,
): Promise<Listener | undefined> {
  const candidates = (options.redirectUri === undefined ? client.redirectUris : [options.redirectUri]).filter(
    (uri) => isLoopback(uri) && new URL(uri).origin !== new URL(issuer).origin,
  );
  for (const uri of candidates) {
    try {
      return await listenAt(uri, { anyPort: client.isNative });
    } catch (error) {
      transcript.tell(`Somebody else listens at ${uri} (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return undefined;
}

function chosenUri({ redirectUris }: FlowClient, given: string | undefined): string {
  const uri = given ?? redirectUris[0];
  if (uri === undefined)
    throw new OperatorError(
      'Say where the answer goes, with --redirect-uri: an address that the client registered.',
    );
  return uri;
}

async function answerOf(
  listener: Listener | undefined,
  { options, answers, transcript }: Played,
): Promise<URL> {
  const answer = listener ? await inTime(listener.answer, options.timeoutSeconds) : await pasted();
  // The answer in the fragment is for scripts of a page.
  if (answer.hash.length > 1)
    for (const [name, value] of new URLSearchParams(answer.hash.slice(1)))
      answer.searchParams.set(name, value);
  answer.hash = '';
  transcript.tell(listener ? 'The answer has arrived.' : '');
  return answer;

  async function pasted(): Promise<URL> {
    const text = await answers.line('Paste the address at which the browser ended');
    if (!URL.canParse(text))
      throw new OperatorError('That is no address. Copy all of the address bar of the browser.');
    return new URL(text);
  }
}

/** @throws OperatorError when nobody came. */
async function inTime<T>(coming: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, failed) => {
    const error = new OperatorError(
      `No answer came in ${seconds} seconds. If the browser shows a page of the server, its request id says why: npx listo explain REQUEST_ID.`,
    );
    timer = setTimeout(() => failed(error), seconds * 1000);
  });
  return Promise.race([coming, late]).finally(() => clearTimeout(timer));
}
