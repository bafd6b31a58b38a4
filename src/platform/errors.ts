/**
 * Every error this server raises on purpose. `code` is what programs switch on, `status` what HTTP says,
 * `message` what the person on the other side reads; the `cause` stays in the log.
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
  cause?: unknown;
}

/** An error that has an answer: its message is meant for the client and is sent as it stands. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Record<string, string>;

  constructor({ status, code, message, headers = {}, cause }: HttpErrorOptions) {
    super(message, { cause });
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A mistake of whoever starts the server or runs a command: printed as one sentence, without a stack. */
export class OperatorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatorError';
  }
}

/** The database is away just now, which nobody may have to correct: a server tries again, a command ends with the sentence. */
export class DatabaseAwayError extends OperatorError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseAwayError';
  }
}
