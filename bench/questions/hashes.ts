/**
 * `npm run bench:hashes`: the CPU of a password's hash with the memory settings of the image, by turns without and with
 * large pages (`GLIBC_TUNABLES`). Prints each pair and the median of their ratios.
 */
import { execFileSync } from 'node:child_process';
import { hashPassword } from '../../src/platform/secrets/digest.ts';

const PAIRS = 6;
const HASHES = 25;
const MEMORY = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '1048576' };

if (process.env.MEASURE_HASHES) console.log(await measure());
else compare();

/** The CPU of a hash of this process, in milliseconds. */
async function measure(): Promise<number> {
  await hashPassword('the first one');
  const before = process.cpuUsage();
  for (let n = 0; n < HASHES; n += 1) await hashPassword('a password of somebody');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / HASHES;
}

function compare(): void {
  const ratios = Array.from({ length: PAIRS }, () => {
    const [small, large] = [measureIn({}), measureIn({ GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' })];
    console.log(
      `${small.toFixed(1)} ms, ${large.toFixed(1)} ms with large pages: x ${(large / small).toFixed(2)}`,
    );
    return large / small;
  });
  const [low = 0, high = 0] = ratios.sort((a, b) => a - b).slice(PAIRS / 2 - 1);
  console.log(`median x ${((low + high) / 2).toFixed(2)}`);
}

function measureIn(settings: Record<string, string>): number {
  const env = { PATH: process.env.PATH, MEASURE_HASHES: '1', ...MEMORY, ...settings };
  return Number(execFileSync(process.execPath, [import.meta.filename], { env, encoding: 'utf8' }));
}
