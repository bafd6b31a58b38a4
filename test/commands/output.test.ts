import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Runs a line of a shell, in which `"$0" "$1"` is `npx listo`. Returns what it wrote to standard error. */
async function complaint(line: string): Promise<string> {
  const child = spawn('sh', ['-c', line, process.execPath, CLI], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return said;
}

describe('the output of a command', () => {
  it('may have a reader that goes away', async () => {
    expect(await complaint(`{ "$0" "$1" help; echo "status $?" >&2; } | true`)).toBe('status 0\n');
  });

  it('is told to be lost where a disk is full', async () => {
    expect(await complaint(`"$0" "$1" help > /dev/full; echo "status $?" >&2`)).toBe(
      'What it printed could not be written (ENOSPC).\nstatus 1\n',
    );
  });
});
