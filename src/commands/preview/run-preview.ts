import { createFactorStore } from '../../accounts/factor-store.ts';
import type { Client } from '../../clients/client.ts';
import { createListnrClientStore } from '../../clients/listnr/listnr-client-store.ts';
import { policyOf } from '../../instances/sign-in-policy.ts';
import { wantedFactors } from '../../oidc/checks/requested-acr.ts';
import type { Queryable } from '../../platform/database.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { createRegisteredStore } from '../registered/registered-store.ts';
import { unknownId } from '../registered/unknown-id.ts';
import { askedFor } from './asked.ts';
import { chosenClient, chosenPerson, instanceOf, madeUpPerson } from './chosen.ts';
import type { Finding } from './finding.ts';
import { type PreviewedTokens, previewTokens } from './issue.ts';
import { type PreviewedListnrToken, previewListnrToken } from './listnr.ts';
import { createPreviewStore } from './preview-store.ts';
import { type PreviewedSignIn, previewSignIn } from './sign-in.ts';
import { unsignedKeys } from './unsigned.ts';

export interface PreviewOptions {
  client: string | undefined;
  /** An id or an address; undefined for somebody made up. */
  person: string | undefined;
  scope: string | undefined;
  claims: string | undefined;
  nonce: string | undefined;
  /** The methods of the sign-in, as the provider of the person's instance names them. */
  amr: string[] | undefined;
  dpop: boolean;
  listnr: readonly string[];
  listnrScope: string | undefined;
  subject: string | undefined;
  /** The claims of an ID token of another issuer. */
  idToken: Record<string, unknown> | undefined;
}

export interface Settings {
  issuer: string;
  listnrIssuer: string;
  environment: string;
  clock: Clock;
}

export interface Preview {
  person: { id: string; made_up: boolean } | undefined;
  refused: Finding[];
  notes: string[];
  tokens: PreviewedTokens | undefined;
  listnr: Record<string, PreviewedListnrToken>;
}

/** Finds out what a request would lead to. It reads, and changes nothing. */
export async function preview(db: Queryable, options: PreviewOptions, settings: Settings): Promise<Preview> {
  const stopped = settings.clock.now();
  const still = { ...settings, clock: { now: () => stopped } };
  const signed = options.client === undefined ? NOBODY : await signIn(db, options.client, options, still);
  return { ...signed, listnr: await listnrTokens(db, options, signed, still) };
}

type SignedIn = Omit<Preview, 'listnr'>;

const NOBODY: SignedIn = { person: undefined, refused: [], notes: [], tokens: undefined };

async function signIn(
  db: Queryable,
  clientId: string,
  options: PreviewOptions,
  settings: Settings,
): Promise<SignedIn> {
  const client = await chosenClient(db, clientId);
  if ('error' in client) return { ...NOBODY, refused: [client] };
  const instance = await instanceOf(db, client.instanceId);
  const asked = askedFor(client, options);
  const person =
    options.person === undefined
      ? madeUpPerson(instance.id)
      : await chosenPerson(db, options.person, instance);
  if ('error' in person) return { ...NOBODY, refused: [...asked.refused, person], notes: asked.notes };
  const how = await howToSignIn(
    db,
    { client, instance, asked, personId: options.person && person.id, upstreamAmr: options.amr },
    settings,
  );
  const refused = [...asked.refused, ...(how.refused ? [how.refused] : [])];
  const store = createPreviewStore(db);
  const keys = await store.keys('oidc');
  return {
    person: { id: person.id, made_up: options.person === undefined },
    refused,
    notes: [...asked.notes, ...how.notes, ...missingKeys(client, keys)],
    tokens:
      refused.length > 0
        ? undefined
        : await previewTokens(
            { client, person, ...asked, nonce: options.nonce, dpop: options.dpop, signIn: how },
            { ...settings, keys: unsignedKeys(keys) },
          ),
  };
}

/** Somebody who does not exist signs in as most do. */
async function howToSignIn(
  db: Queryable,
  {
    client,
    instance,
    asked,
    personId,
    upstreamAmr,
  }: {
    client: Client;
    instance: Awaited<ReturnType<typeof instanceOf>>;
    asked: ReturnType<typeof askedFor>;
    personId: string | undefined;
    upstreamAmr: string[] | undefined;
  },
  { clock }: Settings,
): Promise<PreviewedSignIn> {
  const now = epochSeconds(clock);
  return previewSignIn({
    ...{ instance, policy: policyOf(instance, client), upstreamAmr, now },
    wanted: wantedFactors({ claims: asked.claims && JSON.stringify(asked.claims) }),
    first:
      personId === undefined
        ? { password: true, upstream: true, passAmr: true }
        : await createPreviewStore(db).firstFactors(personId),
    factors:
      personId === undefined
        ? { password: true, totp: false, passkeys: 0, recoveryCodes: 0 }
        : await createFactorStore(db).of(personId),
  });
}

function missingKeys(
  { idTokenSignedResponseAlg, accessTokenSigningAlg }: Client,
  keys: readonly { alg: string }[],
): string[] {
  const missing = [...new Set([idTokenSignedResponseAlg, accessTokenSigningAlg])].filter(
    (alg) => !keys.some((key) => key.alg === alg),
  );
  return missing.map(
    (alg) => `There is no key yet that signs ${alg}. A running server makes one within a second or two.`,
  );
}

async function listnrTokens(
  db: Queryable,
  { listnr, listnrScope, subject, idToken, client }: PreviewOptions,
  { tokens, refused }: SignedIn,
  settings: Settings,
): Promise<Preview['listnr']> {
  if (listnr.length === 0) return {};
  const { content } = await createListnrClientStore(db).readAll();
  const keys = unsignedKeys(await createPreviewStore(db).keys('listnr'));
  const now = epochSeconds(settings.clock);
  const presented = idToken ? { iat: now, exp: now + 3600, ...idToken } : tokens?.idToken?.claims;
  const all: Preview['listnr'] = {};
  for (const id of listnr) {
    const registration = content.get(id);
    if (!registration)
      throw await unknownId(createRegisteredStore(db), id, {
        sentence: 'LiSTNR has no client with this id.',
        tables: ['listnr_clients'],
        lists: 'npx listo listnr list shows those there are.',
      });
    all[id] = await previewListnrToken(
      {
        client: registration.client,
        idToken: presented ?? noIdToken(client, refused),
        scope: listnrScope,
        subject,
      },
      { ...settings, keys },
    );
  }
  return all;
}

function noIdToken(client: string | undefined, refused: readonly Finding[]): Finding {
  const why =
    client === undefined
      ? 'name the application with --client, or the claims of a token of another issuer with --id-token'
      : refused.length > 0
        ? 'the application gets none'
        : 'the application gets none without the scope openid';
  return { error: 'invalid_client', sentence: `This client comes with an ID token of its user: ${why}.` };
}
