import * as oidc from 'openid-client';
import type { Database } from '../../platform/database.ts';
import type { CommandContext } from '../command.ts';
import { jsonOf, linesOf } from '../registered/written.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { type Answers, answersFrom } from './lines.ts';
import type { FlowOptions } from './options.ts';
import {
  DEVICE_CODE_GRANT,
  describedClient,
  type FlowClient,
  openIfPossible,
  registeredClient,
} from './registration.ts';
import { explainFailure } from './requests/explain-failure.ts';
import { createTranscript, type Transcript } from './requests/transcript.ts';
import { useTokens } from './steps/after-tokens.ts';
import { codeFlow } from './steps/code-flow.ts';
import { deviceFlow } from './steps/device-flow.ts';
import { listnrFlow } from './steps/listnr-flow.ts';
import type { Played } from './steps/played.ts';

interface Playing {
  options: FlowOptions;
  transcript: Transcript;
  answers: Answers;
  database: Database | undefined;
}

/** Plays the flow of a client. Returns whether it went well to its end. */
export async function play(context: CommandContext, options: FlowOptions): Promise<boolean> {
  const { print, say } = context;
  const transcript = createTranscript({
    print: options.json ? () => {} : print,
    // Somebody has to open the address, also where a program reads the result.
    tell: options.json ? (line) => say(`${line}\n`) : print,
    show: options.show,
  });
  const opened = await openIfPossible(context);
  const database = 'because' in opened ? undefined : opened;
  const answers = answersFrom(context);
  try {
    if ('because' in opened)
      transcript.tell(
        `The registration cannot be read here, so the options describe the client. (${opened.because})`,
      );
    const failure = await playAll({ options, transcript, answers, database });
    if (options.json) print(jsonOf({ done: !failure, exchanges: transcript.exchanges, failure }));
    else if (failure) for (const line of ['', 'It failed:', ...linesOf({ ...failure })]) print(line);
    else for (const line of ['', 'Everything went well.']) print(line);
    return failure === undefined;
  } finally {
    answers.close();
    await database?.close();
  }
}

/** Returns why it ended too soon. @throws OperatorError when something is missing here. */
async function playAll({ options, transcript, answers, database }: Playing) {
  const client = database ? await registeredClient(database.knex, options) : describedClient(options);
  let secret: string | undefined;
  try {
    if (client.service === 'listnr') {
      secret = await listnrFlow(client, { options, transcript, answers });
      return undefined;
    }
    const credentials = await credentialsOf(client, options, answers, options.issuer);
    secret = credentials.secret;
    await signInAndUse(client, credentials, { options, transcript, answers });
    return undefined;
  } catch (error) {
    return explainFailure(error, { transcript, client, secret, issuer: options.issuer, database });
  }
}

async function signInAndUse(
  client: FlowClient,
  credentials: Credentials,
  { options, transcript, answers }: Omit<Playing, 'database'>,
): Promise<void> {
  transcript.step('Discovery');
  const config = await discover(client, credentials, options, transcript);
  const DPoP =
    client.provesKey || options.dpop
      ? oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'))
      : undefined;
  const scope = options.scope ?? client.scopes.join(' ');
  const played = {
    ...{ issuer: options.issuer, client, options, scope, config, credentials, DPoP, transcript, answers },
  };
  await tryCredentials(played);
  const isDevice = options.device || !client.grantTypes.includes('authorization_code');
  const asDevice = isDevice && client.grantTypes.includes(DEVICE_CODE_GRANT);
  await useTokens(await (asDevice ? deviceFlow(played) : codeFlow(played)), played);
}

async function discover(
  client: FlowClient,
  { authentication }: Credentials,
  { issuer }: FlowOptions,
  { fetch }: Transcript,
): Promise<oidc.Configuration> {
  const insecure = issuer.startsWith('http:');
  const metadata =
    client.idTokenAlg === undefined ? undefined : { id_token_signed_response_alg: client.idTokenAlg };
  const config = await oidc.discovery(new URL(issuer), client.id, metadata, authentication, {
    execute: insecure ? [oidc.allowInsecureRequests] : [],
    [oidc.customFetch]: fetch as oidc.CustomFetch,
  });
  oidc.enableNonRepudiationChecks(config);
  return config;
}

/** Finds a wrong secret or key before a person has signed in. A pushed request would show it as well. */
async function tryCredentials({ client, options, config, transcript }: Played): Promise<void> {
  if (client.isPublic || client.pushes || options.par) return;
  transcript.step('Does the server take the credentials of the client?');
  await oidc.tokenIntrospection(config, 'no-token');
}
