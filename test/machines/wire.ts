import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A stretch of network in front of a port of loopback, on which every connection can be cut at once. */
export interface Wire {
  port: number;
  /** Resets every connection, in the middle of whatever it carries; new ones are taken as before. */
  cut(): void;
  /** Asks `gate` whether to let a message pass, of every one in either direction. */
  watch(gate: (() => boolean) | undefined): void;
  close(): void;
}

/** Leads to `target`. */
export async function layWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let passes: (() => boolean) | undefined;
  const gate = () =>
    new Transform({
      transform(chunk, _encoding, done) {
        done(null, (passes?.() ?? true) ? chunk : undefined);
      },
    });
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(gate()).pipe(to);
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
    watch(wanted) {
      passes = wanted;
    },
    close() {
      server.close();
      cut();
    },
  };
}
