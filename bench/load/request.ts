import { readFileSync, writeFileSync } from 'node:fs';

/** A request to be sent. */
export interface Request {
  method: 'GET' | 'POST';
  /** A whole address. Its host becomes the Host header. */
  url: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
  json?: unknown;
}

/** The bytes of an HTTP/1.1 request. `length` replaces the length of a body that is not known yet. */
export function rendered({ method, url, headers = {}, form, json }: Request, length?: string): string {
  const { host, pathname, search } = new URL(url);
  const body = form ? String(new URLSearchParams(form)) : json === undefined ? '' : JSON.stringify(json);
  const all = {
    Host: host,
    Accept: '*/*',
    ...headers,
    ...(form ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
    ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(method === 'POST' ? { 'Content-Length': length ?? String(Buffer.byteLength(body)) } : {}),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Writes requests for play.lua. Only the owner may read the file, because it has tokens. */
export function writeRequests(file: string, requests: readonly Request[]): void {
  const text = requests.map((request) => rendered(request)).join('\0');
  writeFileSync(file, text, { mode: 0o600 });
}

/** Changes written requests, so that the server closes the connection after each. */
export function closeEach(file: string): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replaceAll('\r\nAccept: */*\r\n', '\r\nAccept: */*\r\nConnection: close\r\n'));
}

export function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((text) => encodeURIComponent(text)).join(':');
  return `Basic ${Buffer.from(encoded).toString('base64')}`;
}
