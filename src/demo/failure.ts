import { errors } from 'jose';
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { Unreachable } from './requests/exchange.ts';
import { ListnrRefusal } from './web/listnr-consumer.ts';

/** An error that a visitor may meet, and from which they can start again. */
export interface Failure {
  status: number;
  title: string;
  message: string;
  /** The code for programs: an OAuth error, or the library's code. */
  code: string;
  /** The id of the request that the server refused. */
  requestId?: string | undefined;
}

export const STRAY_ANSWER: Failure = {
  status: 400,
  title: 'This answer is not expected',
  message:
    'Its state belongs to no sign-in that this browser has open, so the demo ignores it. This check keeps other people from slipping in a sign-in of theirs. Reloading the page has the same effect.',
  code: 'state_mismatch',
};

export const NO_COOKIE: Failure = {
  status: 400,
  title: 'Your browser sent no cookie',
  message:
    'The demo knows a browser by a cookie of its own. Either this browser blocks cookies for this address, or the demo was begun in another one.',
  code: 'no_cookie',
};

export const SESSION_GONE: Failure = {
  status: 403,
  title: 'The demo has forgotten you',
  message: 'The demo keeps a session for an hour, in the memory of the server. Begin again to go on.',
  code: 'no_session',
};

export const OLD_FORM: Failure = {
  status: 403,
  title: 'This page is from before',
  message: 'You have signed in again since this page was loaded, so its buttons no longer work.',
  code: 'old_form',
};

export const NOT_REGISTERED: Failure = {
  status: 404,
  title: 'This client is not registered',
  message:
    'Somebody deleted or disabled it, or the demo’s rows are older than this page. Apply config/seeds/demo.sql, then reload.',
  code: 'unknown_client',
};

const UNREACHABLE: Failure = {
  status: 502,
  title: 'The issuer does not answer',
  message:
    'The demo calls the server at the address in ISSUER, and found nobody there. Is it where the server listens?',
  code: 'issuer_unreachable',
};

/**
 * The text for a visitor when a step fails.
 * @throws the given error when it is no failed request but a fault in this code.
 */
export function explainFailure(error: unknown): Failure {
  // openid-client wraps errors that it does not know.
  if (error instanceof Unreachable || (error instanceof Error && error.cause instanceof Unreachable)) {
    return UNREACHABLE;
  }
  if (error instanceof AuthorizationResponseError) {
    const requestId = requestIdIn(error.cause.get('error_uri'));
    return { ...(error.error === 'access_denied' ? refusedByPerson(error) : refused(error)), requestId };
  }
  if (error instanceof ResponseBodyError)
    return { ...refused(error), requestId: error.response.headers.get('x-request-id') ?? undefined };
  if (error instanceof ListnrRefusal) return refused({ error: error.code, error_description: error.message });
  if (error instanceof WWWAuthenticateChallengeError) {
    const [challenge] = error.cause;
    const { error: code = 'unknown', error_description } = challenge?.parameters ?? {};
    return refused({ error: code, error_description });
  }
  if (error instanceof ClientError || error instanceof errors.JOSEError) {
    return {
      status: 400,
      title: 'The answer failed a check',
      message: `The library did not accept what came back: ${error.message}.`,
      code: error.code ?? error.name,
    };
  }
  throw error;
}

/** An `error_uri` of the server names the request. Anybody can write such an answer, so nothing else of it is used. */
function requestIdIn(errorUri: string | null): string | undefined {
  return /\/auth\/explain\?request_id=([\w.-]{1,64})$/.exec(errorUri ?? '')?.[1];
}

function refusedByPerson({ error }: AuthorizationResponseError): Failure {
  return {
    status: 403,
    title: 'You did not sign in',
    message: 'That is fine: the demo was told so, and learned nothing about you.',
    code: error,
  };
}

function refused({
  error,
  error_description: description,
}: {
  error: string;
  error_description?: string | undefined;
}): Failure {
  return {
    status: 400,
    title: 'The server refused',
    message: description ? `Its answer: ${description}.` : `Its answer: ${error}.`,
    code: error,
  };
}
