import { writeFileSync } from 'node:fs';

/** A request as it goes over the connection. */
export interface Request {
  method: 'GET' | 'POST';
  /** Whole address; what stands in it as host is what the request says. */
  url: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
  json?: unknown;
}

/** The bytes of an HTTP/1.1 request. `length` stands for the length of the body where that is not yet known. */
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

/** Writes requests for wrk/play.lua, which only the owner may read: they hold tokens. */
export function writeRequests(file: string, requests: readonly Request[]): void {
  const text = requests.map((request) => rendered(request)).join('\0');
  writeFileSync(file, text, { mode: 0o600 });
}

export function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((text) => encodeURIComponent(text)).join(':');
  return `Basic ${Buffer.from(encoded).toString('base64')}`;
}
