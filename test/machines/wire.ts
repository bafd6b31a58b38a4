import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A stretch of network in front of a port of loopback, on which every connection can be cut at once. */
export interface Wire {
  port: number;
  /** Resets every connection, in the middle of whatever it carries; new ones are taken as before. */
  cut(): void;
  /** Asks `gate` whether to let a message pass, of every one in either direction. */
  watch(gate: (() => boolean) | undefined): void;
  /** Carries nothing any more and closes nothing, as towards a machine that lost its power; new connections are taken. */
  silence(): void;
  /** Old connections carry nothing any more and are not closed; new ones do, as behind a NAT that forgot. */
  forget(): void;
  /** Leads new connections to another port; those that are open stay where they are. */
  lead(target: number): void;
  /** Ends what was silent, and carries again. */
  mend(): void;
  close(): void;
}

/** Leads to `target`, until it is led elsewhere. */
export async function layWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  let passes: (() => boolean) | undefined;
  let [isSilent, leadsTo] = [false, target];
  const gate = (from: Socket) =>
    new Transform({
      transform(chunk, _encoding, done) {
        done(null, !silent.has(from) && (passes?.() ?? true) ? chunk : undefined);
      },
    });
  const server = createServer((near) => {
    const far = connect(leadsTo, '127.0.0.1');
    if (isSilent) for (const socket of [near, far]) silent.add(socket);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      const passed = from.pipe(gate(from));
      passed.pipe(to, { end: false });
      passed.on('end', () => silent.has(from) || to.end());
      from.on('error', () => silent.has(from) || to.destroy());
      from.on('close', () => {
        if (!silent.has(from)) to.destroy();
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
  const forget = () => {
    for (const socket of sockets) silent.add(socket);
  };
  return {
    port,
    cut,
    forget,
    silence() {
      isSilent = true;
      forget();
    },
    lead(elsewhere) {
      leadsTo = elsewhere;
    },
    mend() {
      isSilent = false;
      for (const socket of sockets) if (silent.has(socket)) socket.resetAndDestroy();
    },
    watch(wanted) {
      passes = wanted;
    },
    close() {
      server.close();
      cut();
    },
  };
}
