import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { collectStart } from '../src/collect-start.ts';

describe('the memory that only a start needs', () => {
  const { gc } = globalThis;
  afterEach(() => {
    globalThis.gc = gc;
  });

  it('is given back where Node lets it, all of it and at once', () => {
    const collected = jest.fn<(options?: object) => void>();
    globalThis.gc = collected as never;
    collectStart();
    expect(collected.mock.calls).toEqual([[{ type: 'major', execution: 'sync', flavor: 'last-resort' }]]);
  });

  it('stays where Node does not', () => {
    globalThis.gc = undefined;
    expect(collectStart).not.toThrow();
  });

  it('is given back in the image', () => {
    const dockerfile = readFileSync(fileURLToPath(new URL('../Dockerfile', import.meta.url)), 'utf8');
    expect(dockerfile).toMatch(/^CMD \["node", "--expose-gc", /m);
  });
});
