import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** A bash in which one block of a document runs after another, with the variables of the earlier ones. */
export interface Shell {
  /** Resolves with the standard output of a block. @throws with the standard error, when a command of it fails */
  run(text: string): Promise<string>;
  close(): void;
}

/** Starts one that ends at the first command that fails, without the environment of this process. */
export function openShell({ cwd, env = {} }: { cwd: string; env?: Readonly<Record<string, string>> }): Shell {
  const child = spawn('bash', ['-euo', 'pipefail', '-s'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.TEST_FOLDER ?? cwd, ...env },
    stdio: 'pipe',
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  let out = '';
  let err = '';
  let told = () => {};
  child.stdout.on('data', (chunk) => {
    out += chunk;
    told();
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return {
    async run(text) {
      const end = `end-${randomUUID()}\n`;
      out = '';
      err = '';
      const complete = new Promise<void>((done) => {
        told = () => out.endsWith(end) && done();
      });
      child.stdin.write(`${text}\nprintf ${end.trim()}'\\n'\n`);
      await Promise.race([
        complete,
        ended.then(() => {
          if (!out.endsWith(end)) throw new Error(`A command failed in:\n${text}\n${out}${err}`);
        }),
      ]);
      return out.slice(0, -end.length);
    },
    close: () => child.stdin.end(),
  };
}
