import type { ServerResponse } from 'node:http';

/** The head of an answer, without the parts that Node adds. */
export interface Head {
  status: number;
  /** The same for the same headers. */
  key: unknown;
  /** Names and values, without those below. */
  headers(): readonly string[];
  requestId: string;
  /** The length of the body. */
  bytes: number;
}

/** Node's text of a head, around the request's id and the length of the body. */
interface Text {
  before: string;
  after: string;
  /** When its date is too old, by `performance.now`. */
  until: number;
}

/** The text that Node makes of a head, until it is sent. */
type Written = ServerResponse & { _header?: unknown };

/** The date of an answer is late by so much at most. */
const LIVES_MS = 100;
/** Origins of pages are part of some heads, so there may be any number. */
const MOST_KEPT = 200;
const LENGTH = '\r\nContent-Length: ';

/**
 * Writes heads like Node's `writeHead`, which checks and joins all headers of each answer: a quarter of what it does for a
 * small one. So its text is kept for a moment, for heads that differ in nothing but the request's id and the length of the
 * body. Other answers than 200, and those that end their connection, are left to Node. Without its text, all are.
 */
export function headWriter(): (res: ServerResponse, head: Head) => void {
  const texts = new Map<unknown, Text>();

  function keep({ _header: text }: Written, { status, key, requestId, bytes }: Head): void {
    if (status !== 200 || typeof text !== 'string' || !text.includes('\r\nConnection: keep-alive\r\n'))
      return;
    const [before, after, ...others] = text.split(`${requestId}${LENGTH}${bytes}`);
    if (before === undefined || after === undefined || others.length > 0) return;
    if (texts.size >= MOST_KEPT) texts.clear();
    texts.set(key, { before, after, until: performance.now() + LIVES_MS });
  }

  return (res: Written, head) => {
    const { status, key, headers, requestId, bytes } = head;
    const text = status === 200 && res.shouldKeepAlive ? texts.get(key) : undefined;
    if (text && performance.now() < text.until) {
      res.statusCode = 200;
      res._header = `${text.before}${requestId}${LENGTH}${bytes}${text.after}`;
      return;
    }
    res.writeHead(status, [...headers(), 'X-Request-Id', requestId, 'Content-Length', String(bytes)]);
    keep(res, head);
  };
}
