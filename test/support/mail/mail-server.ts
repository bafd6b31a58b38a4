import { createServer, type Server, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { freePort } from '../../../scripts/free-port.ts';

/** A mail that a mail server took: its envelope, and the mail as it came. */
export interface TakenMail {
  from: string;
  to: string[];
  secure: boolean;
  user: string | undefined;
  raw: string;
}

export interface MailServer {
  port: number;
  taken: TakenMail[];
  close(): Promise<void>;
}

/** A mail server over real TCP. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const port = await freePort();
  const taken: TakenMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: session.user as string | undefined,
          raw: Buffer.concat(chunks).toString('utf8'),
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((ready) => server.listen(port, 'localhost', ready));
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= new Promise((done) => server.close(() => done()));
    return closed;
  };
  return { port, taken, close };
}

/** A server that says exactly what a test wants, at each connection. */
export async function startTalker(
  talk: (socket: Socket) => void,
): Promise<{ port: number; close(): Promise<void> }> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    talk(socket);
  });
  await new Promise<void>((ready) => server.listen(port, 'localhost', ready));
  return {
    port,
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
