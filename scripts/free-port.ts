import { createServer } from 'node:net';

/** A port that was free a moment ago on every address of this machine, since `localhost` may be any of them. */
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => found(port));
    });
  });
}
