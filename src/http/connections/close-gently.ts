import { Socket } from 'node:net';

/** How much of what is still coming is read, and how long whoever sends it has to read our answer. */
const DISCARD_BYTES = 256 * 1024;
const LINGER_MS = 2000;

const closing = new WeakSet<Socket>();

/** Whether the connection is about to be closed: nothing that arrives on it is a request any more. */
export function isClosing(socket: Socket): boolean {
  return closing.has(socket) || socket.destroyed;
}

/**
 * Closes a connection whose other side may still be sending, after `lastWords`. A socket that is destroyed while
 * bytes lie unread resets the connection, and the answer is lost with it. So our half is closed first; what still
 * comes is read and dropped, up to a limit; and the socket is destroyed when the other side has closed its half, or
 * after two seconds.
 */
export function closeGently(socket: Socket, lastWords = ''): void {
  if (isClosing(socket)) return;
  closing.add(socket);
  // Node's parser must see nothing of what follows: it would find requests in it.
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
