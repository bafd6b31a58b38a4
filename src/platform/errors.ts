/**
 * The codes of the errors that this server raises on purpose. Programs switch on `code`, HTTP uses `status`, the
 * client reads `message`, and `cause` stays in the log.
 */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_token'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'access_denied'
  | 'not_found'
  | 'too_many_requests'
  | 'temporarily_unavailable'
  | 'server_error';

/** Values by the name of a parameter or column: what came, or what was expected. Never a secret, a code or a token. */
export type Values = Readonly<Record<string, string | readonly string[]>>;

/** Why a request was refused, for those who want to mend it: the name of a reason (refusals/reasons.ts), and values. */
export interface Why {
  reason: string;
  came?: Values;
  expected?: Values;
}

export interface HttpErrorOptions {
  status: number;
  code: ErrorCode;
  message: string;
  /** Extra response headers, such as `Retry-After` or `WWW-Authenticate`. */
  headers?: Record<string, string>;
  page?: ErrorPage;
  why?: Why;
  cause?: unknown;
}

/** The words and ways on of an error's page, where they differ from the standard ones of its status. */
export interface ErrorPage {
  /** The heading; by default it follows from the status. */
  title?: string;
  /** The sentence under the heading, which does not say the same again. By default it follows from the status. */
  text?: string;
  /** The next step for the person, shown where no link leads on. */
  hint?: string;
  /** For the developer of the application that asked. */
  detail?: string;
  /** The address at which to try again: the same one by default, where that may work in a moment. */
  retryAt?: string;
  /** The ways on, the best one first. By default, they try again, or lead to the application. */
  links?: readonly PageLink[];
}

/** A way on: to an application by its name (`sign_in`: a sign-in begins there), or to a page of ours. */
export type PageLink =
  | { does: 'sign_in' | 'return'; href: string; name: string }
  | { does: 'retry' | 'sign_out'; href: string };

/** An error with an answer: the client receives its message unchanged. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Record<string, string>;
  readonly page: ErrorPage;
  readonly why: Why | undefined;

  constructor({ status, code, message, headers = {}, page = {}, why, cause }: HttpErrorOptions) {
    super(message, { cause });
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.page = page;
    this.why = why;
  }
}

/** A mistake by the person who starts the server or runs a command. It is printed as one sentence, without a stack. */
export class OperatorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatorError';
  }
}

/**
 * The database is away just now; perhaps nobody has to correct anything. A server tries again; a command prints the
 * sentence and ends.
 */
export class DatabaseAwayError extends OperatorError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseAwayError';
  }
}
