import type { IncomingMessage } from 'node:http';
import rawBody from 'raw-body';
import { HttpError } from '../../platform/errors.ts';
import { parseParameters, type RequestParameters } from './parameters.ts';

/** The limit of every endpoint. */
const LIMIT_BYTES = 64 * 1024;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The media type of a request, in lower case and without parameters; empty when there is none. */
export function mediaType(req: IncomingMessage): string {
  return (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Whether the request announces a body that is longer than any endpoint takes. */
export function announcesTooMuch({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > LIMIT_BYTES;
}

/** The bodies that were read: a request may be handed on with its body, or the error of reading it. */
const known = new WeakMap<IncomingMessage, Promise<string>>();

/**
 * Reads a request's body as text, at most 64 KiB of UTF-8. It may be asked for again.
 * @throws HttpError 413 when it is larger, 400 when it is not UTF-8 or ends early, 415 when it is compressed.
 */
export function readText(req: IncomingMessage): Promise<string> {
  const read = known.get(req) ?? readOnce(req);
  known.set(req, read);
  return read;
}

async function readOnce(req: IncomingMessage): Promise<string> {
  if (!/^(?:identity)?$/i.test(req.headers['content-encoding']?.trim() ?? '')) {
    throw new HttpError({
      status: 415,
      code: 'invalid_request',
      message: 'The body must not be compressed.',
    });
  }
  let bytes: Buffer;
  try {
    bytes = await rawBody(req, { limit: LIMIT_BYTES, length: req.headers['content-length'] ?? null });
  } catch (cause) {
    if ((cause as { type?: string }).type === 'entity.too.large') {
      throw new HttpError({
        status: 413,
        code: 'invalid_request',
        message: 'The body is larger than 64 KiB.',
        // The server does not read the rest (connections/http-server.ts).
        headers: { Connection: 'close' },
        cause,
      });
    }
    throw new HttpError({
      status: 400,
      code: 'invalid_request',
      message: 'The body ended before its length was reached.',
      cause,
    });
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new HttpError({
      status: 400,
      code: 'invalid_request',
      message: 'The body is not valid UTF-8.',
      cause,
    });
  }
}

/**
 * Reads a form, as pages and OAuth clients send it.
 * @throws HttpError 415 for another media type; otherwise like `readText` and `parseParameters`.
 */
export async function readForm(req: IncomingMessage): Promise<RequestParameters> {
  const type = mediaType(req);
  if (type !== 'application/x-www-form-urlencoded') {
    throw new HttpError({
      status: 415,
      code: 'invalid_request',
      message: 'The body must be application/x-www-form-urlencoded.',
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
    throw new HttpError({
      status: 400,
      code: 'invalid_request',
      message: 'The body is not valid JSON.',
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError({ status: 400, code: 'invalid_request', message: 'The body must be a JSON object.' });
  }
  for (const [name, member] of Object.entries(value)) {
    if (
      [name, member].some((item) => typeof item === 'string' && (item.includes('\0') || !item.isWellFormed()))
    ) {
      throw new HttpError({
        status: 400,
        code: 'invalid_request',
        message: 'The body contains a NUL character or broken Unicode.',
      });
    }
  }
  return value as Record<string, unknown>;
}
