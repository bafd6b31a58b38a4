import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Page } from '../../test/support/browsers/browser.ts';
import type { Request } from '../load/request.ts';

export interface Received {
  status: number;
  location?: string | undefined;
  body: string;
}

/** Sends a request and counts whether the answer was expected. It never throws: a soak goes on. */
export interface Sender {
  (name: string, expected: number, request: Request): Promise<Received>;
  /** A browser's journey, which ends at a redirect. */
  page(name: string, journey: () => Promise<Page>): Promise<Page | undefined>;
  /** The number of requests sent, by name. */
  sent: Map<string, number>;
  /** The number of unexpected answers, by name and answer. */
  wrong: Map<string, number>;
  close(): void;
}

/** They are used in turn, so that neither side closes an idle one. */
const CONNECTIONS = 16;
const TIMEOUT_MS = 30_000;

export function createSender(base: string, connections = CONNECTIONS): Sender {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    maxFreeSockets: connections,
    scheduling: 'fifo',
  });
  const sent = new Map<string, number>();
  const wrong = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  const sender = async (name: string, expected: number, request: Request): Promise<Received> => {
    count(sent, name);
    const received = await deliver(base, agent, request).catch(
      (error: { code?: string; message: string }) => ({
        status: 0,
        body: error.code ?? error.message,
      }),
    );
    const { status } = received;
    if (status !== expected) count(wrong, `${name}: ${status === 0 ? received.body : status}`);
    return received;
  };
  return Object.assign(sender, {
    sent,
    wrong,
    async page(name: string, journey: () => Promise<Page>) {
      count(sent, name);
      const page = await journey().catch((error: Error) => error.message.split('\n')[0] ?? '');
      if (typeof page !== 'string' && page.location) return page;
      count(wrong, `${name}: ${typeof page === 'string' ? page : page.status}`);
      return undefined;
    },
    close: () => agent.destroy(),
  });
}

/**
 * A random address, as if behind a balancer: hardly two clients share one (RFC 2544 has these addresses for
 * benchmarks).
 */
export function someAddress(): string {
  const part = () => Math.floor(Math.random() * 256);
  return `198.18.${part()}.${part()}`;
}

function deliver(
  base: string,
  agent: Agent,
  { method, url, headers, form, json }: Request,
): Promise<Received> {
  const { pathname, search } = new URL(url);
  const body = form
    ? String(new URLSearchParams(form))
    : json === undefined
      ? undefined
      : JSON.stringify(json);
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  return new Promise((done, failed) => {
    const sending = httpRequest(`${base}${pathname}${search}`, {
      agent,
      method,
      timeout: TIMEOUT_MS,
      headers: {
        Accept: '*/*',
        'X-Forwarded-For': someAddress(),
        ...headers,
        ...(body === undefined ? {} : { 'Content-Type': type }),
      },
    });
    sending.on('error', failed);
    sending.on('timeout', () => sending.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    sending.on('response', (answer) => {
      const { statusCode = 0, headers } = answer;
      text(answer).then((body) => done({ status: statusCode, location: headers.location, body }), failed);
    });
    sending.end(body);
  });
}
