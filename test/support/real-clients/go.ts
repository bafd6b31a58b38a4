import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed, run } from './installed.ts';

const FOLDER = fileURLToPath(new URL('../../real-clients/go', import.meta.url));
const GO_MOD = join(FOLDER, 'go.mod');

/** Compiles `test/real-clients/go/` with another file of its package. Returns the program. */
export async function compileGo(name: string, source: string): Promise<string> {
  const folder = mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'go-'));
  for (const file of ['go.mod', 'go.sum', 'main.go']) copyFileSync(join(FOLDER, file), join(folder, file));
  writeFileSync(join(folder, name), source);
  await run(['go', 'vet'], { cwd: folder });
  await run(['go', 'build', '-o', 'client'], { cwd: folder });
  return join(folder, 'client');
}

/** Builds the program of a module, such as `example.org/program@v1.2.3`. Returns the folder with it. */
export function installGoProgram(module: string): Promise<string> {
  const name = module.replaceAll(/\W+/g, '-');
  return installed(name, [GO_MOD], (folder) => run(['go', 'install', module], { env: { GOBIN: folder } }));
}
