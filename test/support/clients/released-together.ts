import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A request that is written out before it is sent. */
export interface PreparedRequest {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

export interface Reply {
  status: number;
  /** The target of a redirect, as the server wrote it. */
  location: string | undefined;
  /** The parsed JSON, or empty. */
  body: Record<string, unknown>;
}

/** An act in the middle of the requests: after so many answers, or, with 0, together with the requests. */
export interface Interruption {
  afterAnswers: number;
  act(): Promise<unknown>;
}

/**
 * Sends requests at the same moment. Each has its own connection. The servers first get all bytes of every request
 * but the last; then the last bytes go out in one turn.
 */
export async function releaseTogether(
  requests: readonly PreparedRequest[],
  interruption?: Interruption,
): Promise<Reply[]> {
  const held = await Promise.all(requests.map(hold));
  let answered = 0;
  let acted: Promise<unknown> | undefined;
  const actWhenDue = () => {
    if (interruption && !acted && answered >= interruption.afterAnswers) acted = interruption.act();
  };
  const replies = held.map(async ({ release }, n) => {
    // Otherwise the requests at the ends of the queue would have the best chances every time.
    if (n === Math.floor(held.length / 2)) actWhenDue();
    const reply = parse(await release());
    answered += 1;
    actWhenDue();
    return reply;
  });
  const all = await Promise.all(replies);
  await acted;
  return all;
}

async function hold(request: PreparedRequest): Promise<{ release(): Promise<string> }> {
  const { hostname, port } = new URL(request.url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const bytes = write(request);
  await new Promise((written) => socket.write(bytes.subarray(0, -1), written));
  return {
    release() {
      socket.write(bytes.subarray(-1));
      return readAll(socket);
    },
  };
}

function write({ url, method = 'GET', headers = {}, body = '' }: PreparedRequest): Buffer {
  const { host, pathname, search } = new URL(url);
  const fields = { host, connection: 'close', ...headers };
  const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  const lines = Object.entries({ ...fields, ...length }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Reply {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (!status) throw new Error('The server closed a connection without an answer.');
  const json = header('content-type')?.startsWith('application/json');
  return { status, location: header('location'), body: json ? JSON.parse(text.slice(end + 4)) : {} };
}
