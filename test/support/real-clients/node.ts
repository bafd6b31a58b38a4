import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed, run } from './installed.ts';

const FOLDER = fileURLToPath(new URL('../../real-clients/node', import.meta.url));

/** The file of a program. */
export function nodeProgram(name: string): string {
  return join(FOLDER, name);
}

/** The folder with the packages of our lock file for other authors' clients. None of them runs an install script. */
export function installNodePackages(): Promise<string> {
  const files = ['package.json', 'package-lock.json'];
  return installed('node', files.map(nodeProgram), async (folder) => {
    for (const file of files) copyFileSync(nodeProgram(file), join(folder, file));
    await run(['npm', 'ci', '--ignore-scripts', '--loglevel=error'], { cwd: folder });
  });
}

/** One module for a browser out of `source` and all that it imports: packages from `folder`, and whole paths. */
export async function bundle(folder: string, name: string, source: string): Promise<string> {
  const entry = join(folder, `${name}.entry.mjs`);
  writeFileSync(entry, source);
  return run(
    [join(folder, 'node_modules/.bin/esbuild'), entry, '--bundle', '--format=esm', '--log-level=warning'],
    { env: { NODE_PATH: join(folder, 'node_modules') } },
  );
}
