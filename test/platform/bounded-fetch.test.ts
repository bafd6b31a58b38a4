import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { boundedFetch } from '../../src/platform/bounded-fetch.ts';

describe('asking an address that somebody else answers', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/small') response.end('{"small":true}');
      else if (request.url === '/elsewhere') response.writeHead(302, { location: '/small' }).end();
      else {
        const write = () => {
          while (response.write('x'.repeat(65_536)));
        };
        response.on('drain', write);
        write();
      }
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it('gives its answer', async () => {
    expect(await (await boundedFetch(`${url}/small`)).json()).toEqual({ small: true });
  });

  it('holds no more of an endless one than a mebibyte', async () => {
    const answer = await boundedFetch(`${url}/endless`);
    await expect(answer.text()).rejects.toThrow('The answer is larger than 1048576 bytes.');
  });

  it('follows it nowhere else', async () => {
    expect((await boundedFetch(`${url}/elsewhere`)).status).toBe(302);
  });
});
