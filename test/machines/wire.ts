import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** Bytes that are about to pass: as a rule one message of a protocol, or several that were sent together. */
export interface Message {
  bytes: Buffer;
  towards: 'target' | 'client';
  /** The same object for all messages of a connection. */
  connection: object;
}

/** A network connection in front of a port on loopback. It can cut all its connections at once. */
export interface Wire {
  port: number;
  /** Resets every connection at once; new ones work. */
  cut(): void;
  /** Asks `gate` for every message, in both directions, whether it may pass. */
  watch(gate: ((message: Message) => boolean) | undefined): void;
  /** Carries nothing and closes nothing, as if a machine had lost its power; it still accepts connections. */
  silence(): void;
  /** Open connections carry nothing and stay open; new ones work, as behind a NAT that forgot its table. */
  forget(): void;
  /** Connects new connections to another port; open ones stay. */
  lead(target: number): void;
  /** Closes silent connections and works again. */
  mend(): void;
  close(): void;
}

/** Connects to `target` until `lead` changes it. */
export async function layWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  let passes: ((message: Message) => boolean) | undefined;
  let [isSilent, leadsTo] = [false, target];
  const gate = (from: Socket, about: Omit<Message, 'bytes'>) =>
    new Transform({
      transform(bytes, _encoding, done) {
        done(null, !silent.has(from) && (passes?.({ bytes, ...about }) ?? true) ? bytes : undefined);
      },
    });
  const server = createServer((near) => {
    const far = connect(leadsTo, '127.0.0.1');
    if (isSilent) for (const socket of [near, far]) silent.add(socket);
    for (const [from, to, towards] of [
      [near, far, 'target'],
      [far, near, 'client'],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      const passed = from.pipe(gate(from, { towards, connection: near }));
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
