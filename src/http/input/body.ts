import { isAscii } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { HttpError } from '../../platform/errors.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';
import { shown } from '../../refusals/shown.ts';
import { parseParameters, type RequestParameters } from './parameters.ts';

/** The limit of every endpoint. */
const LIMIT_BYTES = 64 * 1024;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** As most clients write them. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/x-www-form-urlencoded']);

/** The media type of a request, in lower case and without parameters; empty when there is none. */
export function mediaType(req: IncomingMessage): string {
  const type = req.headers['content-type'] ?? '';
  return PLAIN_TYPES.has(type) ? type : (type.split(';')[0]?.trim().toLowerCase() ?? '');
}

/** Whether the request announces a body that is longer than any endpoint takes. */
export function announcesTooMuch({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > LIMIT_BYTES;
}

/** The body that was read: a request may be handed on with its body, or the error of reading it. */
const TEXT = Symbol('text');
type Read = IncomingMessage & { [TEXT]?: Promise<string> };

/**
 * Reads a request's body as text, at most 64 KiB of UTF-8. It may be asked for again.
 * @throws HttpError 413 when it is larger, 400 when it is not UTF-8 or ends early, 415 when it is compressed.
 */
export function readText(req: Read): Promise<string> {
  req[TEXT] ??= readOnce(req);
  return req[TEXT];
}

async function readOnce(req: IncomingMessage): Promise<string> {
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && !/^(?:identity)?$/i.test(encoding.trim())) {
    throw refusedRequest({
      status: 415,
      code: 'invalid_request',
      message: 'The body must not be compressed.',
      why: { reason: 'body.compressed', came: { 'Content-Encoding': shown(encoding) } },
    });
  }
  const bytes = await readBytes(req);
  if (isAscii(bytes)) return bytes.toString('latin1');
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw refusedRequest({
      status: 400,
      code: 'invalid_request',
      message: 'The body is not valid UTF-8.',
      why: { reason: 'body.not_utf8' },
      cause,
    });
  }
}

function readBytes(req: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (length === undefined && coding === undefined) resolve(Buffer.alloc(0));
  else if (announcesTooMuch(req)) reject(tooLarge(length));
  else {
    const chunks: Buffer[] = [];
    let received = 0;
    req.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received <= LIMIT_BYTES) chunks.push(chunk);
      else {
        req.pause();
        reject(tooLarge());
      }
    });
    req.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    req.on('aborted', () => reject(endedEarly()));
    req.on('error', (cause) => reject(endedEarly(cause)));
  }
  return promise;
}

function tooLarge(bytes?: string): HttpError {
  return refusedRequest({
    status: 413,
    code: 'invalid_request',
    message: 'The body is larger than 64 KiB.',
    why: {
      reason: 'body.too_large',
      ...(bytes === undefined ? {} : { came: { 'Content-Length': shown(bytes) } }),
      expected: { 'Content-Length': `at most ${LIMIT_BYTES}` },
    },
    // The server does not read the rest (connections/http-server.ts).
    headers: { Connection: 'close' },
  });
}

function endedEarly(cause?: unknown): HttpError {
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message: 'The body ended before its length was reached.',
    why: { reason: 'body.ended_early' },
    cause,
  });
}

export function otherType(came: string, expected: readonly string[]): Refusal {
  return {
    reason: 'body.other_type',
    came: { 'Content-Type': came === '' ? 'none' : shown(came) },
    expected: { 'Content-Type': expected },
  };
}

/**
 * Reads a form, as pages and OAuth clients send it.
 * @throws HttpError 415 for another media type; otherwise like `readText` and `parseParameters`.
 */
export async function readForm(req: IncomingMessage): Promise<RequestParameters> {
  const type = mediaType(req);
  if (type !== 'application/x-www-form-urlencoded') {
    throw refusedRequest({
      status: 415,
      code: 'invalid_request',
      message: 'The body must be application/x-www-form-urlencoded.',
      why: otherType(type, ['application/x-www-form-urlencoded']),
    });
  }
  return parseParameters(await readText(req));
}

/**
 * Reads a JSON object.
 * @throws HttpError 400 when the body is no object, or a string in it contains NUL or half a surrogate pair.
 */
export async function readJsonObject(req: IncomingMessage): Promise<Record<string, unknown>> {
  return parseJsonObject(await readText(req));
}

/** The same for a body that was read. */
export function parseJsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refusedRequest({
      status: 400,
      code: 'invalid_request',
      message: 'The body is not valid JSON.',
      why: { reason: 'body.not_json' },
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusedRequest({
      status: 400,
      code: 'invalid_request',
      message: 'The body must be a JSON object.',
      why: { reason: 'body.not_object' },
    });
  }
  // JSON has a NUL or half a surrogate pair only where it has an escape.
  if (text.includes('\\')) requireWellFormed(value);
  return value as Record<string, unknown>;
}

function requireWellFormed(object: object): void {
  for (const [name, member] of Object.entries(object)) {
    if (
      [name, member].some((item) => typeof item === 'string' && (item.includes('\0') || !item.isWellFormed()))
    ) {
      throw refusedRequest({
        status: 400,
        code: 'invalid_request',
        message: 'The body contains a NUL character or broken Unicode.',
        why: { reason: 'body.broken_text' },
      });
    }
  }
}
