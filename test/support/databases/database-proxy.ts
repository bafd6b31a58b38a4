import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../../scripts/free-port.ts';

/** A connection between a server and its database that a test can cut. */
export interface DatabaseProxy {
  /** The database's address behind this proxy. */
  url: string;
  /** Makes the database go away: closes every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Makes the database silent: connections stay open and new ones are accepted, but carry nothing. */
  silence(): void;
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();

  let silent = false;

  const server = createServer((socket) => {
    if (silent) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
      return;
    }
    const database = connect(Number(port), hostname);
    for (const [from, to] of [
      [socket, database],
      [database, socket],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        sockets.delete(from);
      });
    }
  });
  const listen = (at: number) =>
    new Promise<void>((listening, failed) => {
      server.once('error', failed);
      server.listen(at, '127.0.0.1', listening);
    });
  // While it is cut, nobody else may get its port.
  const own = await freePort();
  await listen(own);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${own}`;

  const cut = async () => {
    if (!server.listening) return;
    const closed = new Promise((done) => server.close(done));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: url.href,
    cut,
    silence() {
      silent = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    async mend() {
      if (silent) for (const socket of sockets) socket.destroy();
      silent = false;
      if (!server.listening) await listen(own);
    },
    close: cut,
  };
}
