/**
 * The limit of the machine, measured in the same minute: RSA signatures on all cores and nothing else. A token needs
 * a signature, so no server can issue more tokens a second on this machine at this time.
 */

import { spawnSync } from 'node:child_process';
import { argon2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Refusal } from '../../scripts/refusal.ts';

const argon2Async = promisify(argon2);

/** The server's own cost for password hashes (OWASP's recommendation). */
const PASSWORD_COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };

/** RSA 2048 signatures a second, with `cores` processes of `openssl speed`. */
export function measureSignatures(cores: number, seconds = 3): number {
  const { status, stdout, error } = spawnSync('openssl', speedArguments(cores, seconds), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (error || status !== 0) throw new Refusal('openssl is missing: on Debian, apt-get install openssl.');
  return parseSignatures(stdout);
}

/** By the clock, as the server is measured. By default, openssl divides by the CPU time that it was given. */
export function speedArguments(cores: number, seconds: number): string[] {
  return ['speed', '-elapsed', '-seconds', String(seconds), '-multi', String(cores), 'rsa2048'];
}

/** @throws Refusal when the output of `openssl speed` has no line for RSA 2048. */
export function parseSignatures(output: string): number {
  const [, perSecond] = /^rsa\s+2048 bits(?:\s+[\d.]+s)+\s+([\d.]+)\s/m.exec(output) ?? [];
  if (!perSecond) throw new Refusal(`openssl speed said nothing of RSA 2048:\n${output.slice(-500)}`);
  return Number(perSecond);
}

/** The difference of two measurements, as a share of the larger one. */
export function drift(before: number, after: number): number {
  return Math.abs(before - after) / Math.max(before, after);
}

/** Password hashes a second on all cores, and the time of one on an idle core. */
export async function measureHashes(cores: number): Promise<{ perSecond: number; ms: number }> {
  const hash = () =>
    argon2Async('argon2id', { message: 'a password', nonce: randomBytes(16), ...PASSWORD_COST });
  await hash();
  const alone = performance.now();
  for (let n = 0; n < 10; n += 1) await hash();
  const ms = (performance.now() - alone) / 10;

  const rounds = Math.ceil(1500 / ms);
  const started = performance.now();
  const lane = async () => {
    for (let n = 0; n < rounds; n += 1) await hash();
  };
  await Promise.all(Array.from({ length: cores }, lane));
  return { perSecond: (rounds * cores * 1000) / (performance.now() - started), ms };
}
