import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { yieldThreads } from '../../../src/platform/secrets/yielding-threads.ts';

const nicenessOf = (wanted: (name: string) => boolean) =>
  readdirSync('/proc/self/task')
    .filter((thread) => wanted(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim()))
    .map((thread) => getPriority(Number(thread)));

describe('the threads that make hashes', () => {
  it('give way to the main thread, and no other thread does', async () => {
    const others = (name: string) => name !== 'libuv-worker';
    const before = nicenessOf(others);
    await yieldThreads();
    expect(new Set(nicenessOf((name) => name === 'libuv-worker'))).toEqual(new Set([10]));
    expect(Math.max(...nicenessOf(others))).toBe(Math.max(...before));
  });
});
