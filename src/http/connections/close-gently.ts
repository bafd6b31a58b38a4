import { Socket } from 'node:net';

/** The limit for bytes that are read and dropped, and the time that the sender has to read our answer. */
const DISCARD_BYTES = 256 * 1024;
const LINGER_MS = 2000;

const closing = new WeakSet<Socket>();

/** Whether the connection is about to close: further bytes on it are no request. */
export function isClosing(socket: Socket): boolean {
  return closing.has(socket) || socket.destroyed;
}

/**
 * Sends `lastWords` and closes a connection whose other side may still be sending. Destroying a socket with unread
 * bytes would reset the connection and lose the answer. So this closes our half first, then reads and drops incoming
 * bytes, up to a limit. It destroys the socket when the other side has closed its half, or after two seconds.
 */
export function closeGently(socket: Socket, lastWords = ''): void {
  if (isClosing(socket)) return;
  closing.add(socket);
  // Node's parser must not see the remaining bytes: it would find requests in them.
  socket.removeAllListeners('data');
  let left = DISCARD_BYTES;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.pause();
  });
  socket.on('error', () => socket.destroy());
  socket.once('end', () => Socket.prototype.destroySoon.call(socket));
  const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(deadline));
  socket.end(lastWords);
  socket.resume();
}
