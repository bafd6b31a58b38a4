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

export interface HttpErrorOptions {
  status: number;
  code: ErrorCode;
  message: string;
  /** Extra response headers, such as `Retry-After` or `WWW-Authenticate`. */
  headers?: Record<string, string>;
  /** The heading of a page; by default it follows from the status. */
  title?: string;
  /** The ways on that a page offers, the best one first. */
  links?: readonly PageLink[];
  cause?: unknown;
}

/** Leads to an application, by its name. */
export interface PageLink {
  href: string;
  /** `sign_in`: a sign-in begins there. */
  does: 'sign_in' | 'return';
  name: string;
}

/** An error with an answer: the client receives its message unchanged. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Record<string, string>;
  readonly title: string | undefined;
  readonly links: readonly PageLink[];

  constructor({ status, code, message, headers = {}, title, links = [], cause }: HttpErrorOptions) {
    super(message, { cause });
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.title = title;
    this.links = links;
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
