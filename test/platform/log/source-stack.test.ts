import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { sourceStack } from '../../../src/platform/log/source-stack.ts';

const SOURCE = `
/** A comment that the bundle leaves out. */
export function failAt(place: string): never {
  throw new Error(place);
}

try {
  failAt('http://a.example/at file.js:1:2');
} catch (error) {
  process.stdout.write((error as Error).stack ?? '');
}
`;

describe('a stack of the bundle', () => {
  let folder: string;
  let bundle: string;
  let stack: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'listo-stack-'));
    bundle = `${pathToFileURL(join(folder, 'dist')).href}/`;
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src/fail.ts'), SOURCE);
    buildSync({
      absWorkingDir: folder,
      entryPoints: ['src/fail.ts'],
      outdir: 'dist',
      format: 'esm',
      minifyWhitespace: true,
      sourcemap: 'linked',
      sourcesContent: false,
    });
    stack = execFileSync(process.execPath, ['dist/fail.js'], { cwd: folder, encoding: 'utf8' });
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('names files and lines of the sources', () => {
    const source = pathToFileURL(join(folder, 'src/fail.ts')).href;
    expect(stack.split('\n').slice(0, 3)).toEqual([
      'Error: http://a.example/at file.js:1:2',
      expect.stringMatching(/^ {4}at failAt \(file:.*\/dist\/fail\.js:1:\d+\)$/),
      expect.stringMatching(/^ {4}at file:.*\/dist\/fail\.js:1:\d+$/),
    ]);
    expect(sourceStack(stack, bundle).split('\n').slice(0, 3)).toEqual([
      'Error: http://a.example/at file.js:1:2',
      `    at failAt (${source}:4:9)`,
      `    at ${source}:8:3`,
    ]);
  });

  it('leaves what its maps do not know, and the message, as it is', () => {
    const others = [
      `Error: ${bundle}fail.js:1:1`,
      `    at unknown (${bundle}other.js:1:1)`,
      `    at odd (${bundle}../fail.js:1:1)`,
      '    at node:internal/main:1:2',
    ].join('\n');
    expect(sourceStack(others, bundle)).toBe(others);
  });
});
