import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Listens for the answer to an authorization request at a redirect URI on loopback. */
export interface Listener {
  /** The redirect URI of the request; an installed application may vary the port. */
  redirectUri: string;
  /** The address with the answer, whichever way it came. */
  answer: Promise<URL>;
  close(): void;
}

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d+))?(\/[^?#]*)?(?:\?[^#]*)?$/;
const LARGEST_BODY = 100_000;

export function isLoopback(uri: string): boolean {
  return LOOPBACK.test(uri);
}

/** @throws the error of the system when the port cannot be had. */
export async function listenAt(uri: string, { anyPort }: { anyPort: boolean }): Promise<Listener> {
  const [, host = 'localhost', port = '80'] = LOOPBACK.exec(uri) ?? [];
  const { pathname } = new URL(uri);
  let answered: (answer: URL) => void = () => {};
  const answer = new Promise<URL>((resolve) => {
    answered = resolve;
  });
  let redirectUri = uri;
  const server = createServer(async (req, res) => {
    const came = await answerIn(req, redirectUri, pathname);
    res.writeHead(came ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', connection: 'close' });
    res.end(came ? PAGE : 'Not this address.');
    if (came) answered(came);
  });
  await listening(server, anyPort ? 0 : Number(port), host.replaceAll(/[[\]]/g, ''));
  // In nothing else may it differ from the registered one.
  if (anyPort)
    redirectUri = uri.replace(
      /^(http:\/\/[^/:[]+|http:\/\/\[::1\])(:\d+)?/,
      `$1:${(server.address() as AddressInfo).port}`,
    );
  return {
    redirectUri,
    answer,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>Done</title><p>The answer has arrived. You can close this window and go back to the terminal.</p>';

/** The answer in a request's query or form; undefined for another request, such as one for an icon. */
async function answerIn(
  req: IncomingMessage,
  redirectUri: string,
  pathname: string,
): Promise<URL | undefined> {
  const asked = new URL(req.url ?? '/', redirectUri);
  if (asked.pathname !== pathname) return undefined;
  if (req.method === 'POST' && Number(req.headers['content-length'] ?? 0) <= LARGEST_BODY)
    for (const [name, value] of new URLSearchParams(await text(req))) asked.searchParams.set(name, value);
  const isAnswer = ['code', 'error', 'response'].some((name) => asked.searchParams.has(name));
  return isAnswer ? asked : undefined;
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, done);
  });
}
