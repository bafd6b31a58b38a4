import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Linux hands out 32768 to 60999 to whoever asks for any port, so a port from there that is free now may be taken
// by another process before its server listens, or while a test keeps it closed. These are given to nobody unasked.
const FIRST = 12_000;
const COUNT = 20_000;

// Each process begins elsewhere, so that two do not find the same port in the moment before it is used.
let next = randomInt(COUNT);

/**
 * A port that is free on every address of this machine, since `localhost` may be any of them, and that stays free
 * until somebody asks for exactly this one. The next call gets another.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries += 1) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${FIRST} to ${FIRST + COUNT - 1} is free.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((answered, failed) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') answered(false);
      else failed(error);
    });
    probe.listen(port, () => {
      probe.close(() => answered(true));
    });
  });
}
