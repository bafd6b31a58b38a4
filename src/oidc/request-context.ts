import { AsyncLocalStorage } from 'node:async_hooks';
import type { Person } from '../accounts/person.ts';
import type { Origin } from '../audit/record.ts';
import type { Proof } from '../authentication/proof.ts';
import type { NewFactor } from '../authentication/steps.ts';
import type { Client } from '../clients/client.ts';
import type { Artifact } from '../grants/artifact-store.ts';
import type { Payload } from '../platform/time/payload-times.ts';
import type { Refusal } from '../refusals/reasons.ts';

/**
 * The facts about a protocol request that are known before the library sees it. The library reads its session cookie
 * before it knows the client, but a session belongs to one instance. So the instance is resolved first, and the
 * cookie's name depends on it (`sessionCookieName`).
 */
export interface RequestContext {
  instanceId: string | undefined;
  /** Where the request comes from, for the audit trail. */
  origin?: Origin;
  /** A keyed hash of the address that the request came from. */
  addressMac?(): Buffer;
  /** How the browser names itself. */
  userAgent?: string;
  /** The client that determined the instance or is authenticated. The library need not look it up again. */
  client: Client | undefined;
  /** The interaction that determined the instance. */
  interaction?: { id: string; artifact: Artifact };
  /** Why the authorization request is refused (requests/read-request.ts). */
  requestRefusal?: Error;
  /** The names of the checks that wanted the person (configuration/interaction-policy.ts). */
  due?: string[];
  /** Whether the answer to the client is a JWT (JARM). */
  isAnswerSigned?: boolean;
  /** Set where the library asks for an interaction that has ended, also in this moment. */
  interactionIsOver?: boolean;
  /** The user code the person typed (device flow only). */
  userCode?: string;
  /** Whether they want to sign in as somebody else than the person who is signed in (device flow only). */
  asAnotherPerson?: boolean;
  /** The session as its row has it, with the id by which the browser named it. */
  storedSession?: { id: string; payload: Payload; expiresAt: Date };
  /** The client that got a code in this request. */
  codeFor?: string;
  /** The enabled person of the session, so that the library's next question costs no query. */
  person?: Person;
  /**
   * Present when the interaction says that somebody has just signed in: the fingerprint of their password, '' without
   * one.
   */
  passwordFingerprint?: string;
  /** Whether the session was not saved yet for the sign-in of the interaction. */
  isSignIn?: boolean;
  /** With it, the stored factors that they proved as well, and how they signed in. */
  provenFactors?: readonly string[];
  signIn?: SignIn;
  /**
   * The objects that the library has loaded. It saves new and changed objects alike, and a changed one that was
   * deleted must not come back.
   */
  loaded: Set<string>;
  /** Whose request it is, and the reason of the library's refusal, for the log. */
  facts: RequestFacts;
  /** Our error behind the library's `server_error`. */
  failure?: unknown;
}

/** The part of an interaction's result about somebody who has just signed in that the library does not read. */
export interface SignIn {
  /** Missing where an older process wrote it. */
  methods?: readonly Proof[];
  /** The kinds of factors for which they were asked. */
  factorsAsked?: readonly NewFactor[];
  /** Whether the session identified them, and they only proved more. */
  continued?: boolean;
  passwordFingerprint?: string;
}

/** The content of a log line about a request: as much as is known when it was answered or refused. */
export interface RequestFacts {
  client?: string;
  /** Like `ClientIs` of the log: whether the request proved that it comes from this client. */
  clientIs?: 'authenticated' | 'registered';
  /** The id of the authorization that a code or token belongs to. */
  grant?: string;
  person?: string;
  /** The reason of a refusal. */
  error?: string;
  detail?: string;
  why?: Refusal;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** A new context, in which at most the instance is known. */
export function newContext(instanceId?: string): RequestContext {
  return { instanceId, client: undefined, loaded: new Set(), facts: {} };
}

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/**
 * The context of the current request.
 * @throws Error outside of a request, where notes would be lost.
 */
export function requestContext(): RequestContext {
  const context = storage.getStore();
  if (!context) throw new Error('The protocol library was asked outside of a request.');
  return context;
}

/** Notes that the interaction of this request says that somebody has just signed in. */
export function noteSignIn(signIn: SignIn): void {
  Object.assign(requestContext(), {
    signIn,
    passwordFingerprint: signIn.passwordFingerprint ?? '',
    provenFactors: (signIn.methods ?? []).flatMap(({ factor }) => factor ?? []),
  });
}

/** Notes whose request the current one is. */
export function noteFacts(facts: RequestFacts): void {
  Object.assign(requestContext().facts, facts);
}

/** Notes that the library loaded an object, so that a later save of it only updates its row. */
export function noteLoaded(model: string, id: string): void {
  requestContext().loaded.add(`${model} ${id}`);
}

export function isLoaded(model: string, id: string): boolean {
  return requestContext().loaded.has(`${model} ${id}`);
}
