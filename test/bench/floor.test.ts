import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeEach, writeRequests } from '../../bench/load/request.ts';
import { startFloor } from '../../bench/set-up/floor.ts';

describe('the floor of a benchmark', () => {
  it.each([
    [0, []],
    [1, ['access_token']],
    [2, ['access_token', 'id_token']],
  ] as const)('makes %i signatures for whatever it is sent', async (signatures, tokens) => {
    const floor = await startFloor(signatures, 1);
    try {
      const answer = await fetch(`${floor.base}/auth/token`, { method: 'POST', body: 'grant_type=nothing' });
      expect(answer.status).toBe(200);
      const body = (await answer.json()) as Record<string, unknown>;
      expect(Object.keys(body).filter((name) => /^(access|id)_token$/.test(name))).toEqual(tokens);
      for (const name of tokens) {
        const [header = '', , signature = ''] = String(body[name]).split('.');
        expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'RS256' });
        expect(Buffer.from(signature, 'base64url')).toHaveLength(256);
      }
      expect(body).toMatchObject({ sub: 'somebody', active: true });
    } finally {
      await floor.stop();
    }
  });
});

describe('requests on new connections', () => {
  it('ask the server to close the connection, and are the same otherwise', () => {
    const folder = mkdtempSync(join(tmpdir(), 'listo-bench-test-'));
    const file = join(folder, 'some.requests');
    const url = 'https://login.example/auth/userinfo';
    writeRequests(file, [
      { method: 'GET', url, headers: { Authorization: 'Bearer a' } },
      { method: 'GET', url, headers: { Authorization: 'Bearer b' } },
    ]);
    closeEach(file);
    const head = 'GET /auth/userinfo HTTP/1.1\r\nHost: login.example\r\nAccept: */*\r\nConnection: close\r\n';
    expect(readFileSync(file, 'utf8')).toBe(
      `${head}Authorization: Bearer a\r\n\r\n\0${head}Authorization: Bearer b\r\n\r\n`,
    );
    rmSync(folder, { recursive: true });
  });
});
