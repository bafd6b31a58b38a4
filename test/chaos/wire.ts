import { connect, createServer, type Socket } from 'node:net';

/** A stretch of network in front of a port of loopback, on which every connection can be cut at once. */
export interface Wire {
  port: number;
  /** Resets every connection, in the middle of whatever it carries; new ones are taken as before. */
  cut(): void;
  close(): void;
}

/** Leads to `target`. */
export async function layWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        sockets.delete(from);
      });
    }
  });
  const port = await new Promise<number>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => listening((server.address() as { port: number }).port));
  });
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port,
    cut,
    close() {
      server.close();
      cut();
    },
  };
}
