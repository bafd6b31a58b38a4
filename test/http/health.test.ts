import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

describe('health', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('answers /healthz while the process lives', async () => {
    const answer = await fetch(`${server.url}/healthz`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ok' });
  });

  it('answers /readyz when the database answers', async () => {
    const answer = await fetch(`${server.url}/readyz`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ready' });
  });

  it('answers /readyz/listnr when tokens can be minted', async () => {
    const answer = await fetch(`${server.url}/readyz/listnr`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({ status: 'ready' });
  });

  it('answers an unknown address with 404 in the shape of every error', async () => {
    const answer = await fetch(`${server.url}/nowhere`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      error: 'not_found',
      error_description: 'There is nothing at this address.',
    });
  });
});
