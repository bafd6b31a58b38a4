import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The address at which a client publishes its keys, on loopback. */
export interface KeyAddress {
  url: string;
  /** The number of requests so far. */
  asked(): number;
  /** Sets the answer to the next requests. */
  answer(answer: Answer): void;
  close(): Promise<void>;
}

/** A JWK set, or whatever else an address may do. */
export type Answer = { keys: unknown } | ((response: ServerResponse) => void);

export async function openKeyAddress(first: Answer): Promise<KeyAddress> {
  let current = first;
  let asked = 0;
  const server = createServer((_req, res) => {
    asked += 1;
    if (typeof current === 'function') current(res);
    else res.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(JSON.stringify(current));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    asked: () => asked,
    answer(answer) {
      current = answer;
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
