import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An application to which a real browser returns. Every address is a page that shows the address. */
export interface Application {
  origin: string;
  close(): Promise<void>;
}

/** Serves `pages` unchanged. `/moved` redirects to the same application under its other name. */
export async function startApplication({
  port = 0,
  pages = {},
  answers = () => true,
}: {
  port?: number;
  /** Whether the application answers a request to this path, or leaves it waiting. */
  answers?: (path: string) => boolean;
  pages?: Record<string, { type: string; body: string | Buffer }>;
} = {}): Promise<Application> {
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://application');
    const page = pages[pathname];
    if (!answers(pathname)) return;
    if (pathname === '/moved') {
      const { port: own } = server.address() as AddressInfo;
      res.writeHead(302, { location: `http://localhost:${own}/home` }).end();
    } else {
      res.writeHead(200, { 'content-type': page?.type ?? 'text/html; charset=utf-8' });
      res.end(
        page?.body ??
          `<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,"><h1>Application ${pathname}</h1></html>`,
      );
    }
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
