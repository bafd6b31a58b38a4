import type { JWK } from 'openid-client';
import { createVerifier } from '../../../keys/verify-jwt.ts';
import { OperatorError } from '../../../platform/errors.ts';
import { secretOf } from '../credentials.ts';
import type { Answers } from '../lines.ts';
import type { FlowOptions } from '../options.ts';
import type { FlowListnrClient } from '../registration.ts';
import { Refused } from '../requests/refused.ts';
import type { Transcript } from '../requests/transcript.ts';
import type { Played } from './played.ts';
import { tellToken } from './tokens-printed.ts';

const PROVIDER = '/v1/listnr-token-provider';

/** Asks LiSTNR for tokens with the ID token of the person who has signed in. */
export async function askListnr(
  idToken: string | undefined,
  { options, issuer, transcript }: Pick<Played, 'options' | 'issuer' | 'transcript'>,
): Promise<void> {
  if (idToken === undefined)
    throw new OperatorError('LiSTNR takes an ID token, so the scope openid is missing.');
  for (const client_id of options.listnr) {
    transcript.step(`A LiSTNR token for ${client_id}`);
    const { listnrScope: scope } = options;
    const body = { client_id, ...(scope === undefined ? {} : { scope }) };
    await ask(issuer, `Bearer ${idToken}`, body, transcript);
  }
}

/** Plays a backend that asks LiSTNR with its own secret. */
export async function listnrFlow(
  client: FlowListnrClient,
  { options, transcript, answers }: { options: FlowOptions; transcript: Transcript; answers: Answers },
): Promise<string> {
  if (client.pattern === 'authenticated_user')
    throw new OperatorError(
      `This client comes with the ID token of its user. Play its application with --listnr ${client.id}: npx listo flow APPLICATION`,
    );
  const secret = await secretOf(options, answers);
  transcript.step(`A LiSTNR token for ${client.id}`);
  const { subject, issuer } = options;
  const scope = options.listnrScope ?? options.scope ?? client.scopes.join(' ');
  const body = {
    ...{ client_id: client.id, scope },
    ...(subject === undefined ? {} : { subject }),
  };
  const authorization = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;
  await ask(issuer, authorization, body, transcript);
  return secret;
}

async function ask(
  issuer: string,
  authorization: string,
  body: object,
  transcript: Transcript,
): Promise<void> {
  const answer = await transcript.fetch(`${issuer}${PROVIDER}/issue-token`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status !== 200) throw new Refused('LiSTNR refuses the request.');
  const { access_token } = (await answer.json()) as { access_token: string };
  await verify(issuer, access_token, transcript);
}

async function verify(issuer: string, token: string, transcript: Transcript): Promise<void> {
  const answer = await transcript.fetch(`${issuer}${PROVIDER}/jwks`, {});
  if (answer.status !== 200) throw new Refused('LiSTNR publishes no keys.');
  const { keys } = (await answer.json()) as { keys: JWK[] };
  const known = keys.flatMap((key) =>
    key.kid ? [{ kid: key.kid, alg: 'RS256' as const, publicJwk: key }] : [],
  );
  const isRight = createVerifier(known)(token, 'JWT') !== undefined;
  tellToken(transcript, `LiSTNR token, whose signature is ${isRight ? 'right' : 'WRONG'}`, token);
  if (!isRight) throw new OperatorError('No key that LiSTNR publishes signed the token.');
}
