import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../src/commands/run-command.ts';
import { understandCall } from '../src/commands/understand-call.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { mistakeOfNode } from '../src/platform/node-version.ts';
import { DOCUMENTS } from './support/documents/document-lines.ts';
import { readSources } from './support/sources/imports.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Package {
  version: string;
  dev?: boolean;
  integrity?: string;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

describe('the lock file', () => {
  const packages: Record<string, Package> = JSON.parse(read('package-lock.json')).packages;

  it('has the package of every platform, not only of the one it was written on', () => {
    // npm omits packages that it does not install on this machine, and then refuses the lock file elsewhere (npm ci).
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('pins what is installed everywhere by its content', () => {
    const unpinned = Object.entries(packages).filter(
      ([path, { integrity, optional }]) => path !== '' && !optional && !integrity,
    );
    expect(unpinned.map(([path]) => path)).toEqual([]);
  });
});

describe('the production dependencies', () => {
  it('are exactly the packages that src and migrations import', () => {
    const imported = [...readSources(`${ROOT}src`), ...readSources(`${ROOT}migrations`)]
      .flatMap(({ imports }) => imports.map(({ from }) => from))
      .filter((from) => !from.startsWith('node:') && !from.endsWith('.ts'))
      .map((from) => from.split('/', from.startsWith('@') ? 2 : 1).join('/'));
    const { dependencies } = JSON.parse(read('package.json'));
    // knex loads the driver by its name.
    expect([...new Set([...imported, 'pg'])].toSorted()).toEqual(Object.keys(dependencies).toSorted());
  });
});

describe('the documents', () => {
  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...DOCUMENTS, '.env.example', 'config/seeds/demo.sql', '.ci/run'].flatMap((document) =>
      [...read(document).matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('name only commands of the command line that exist, with options they take', () => {
    const places = globSync(['src/**/*.ts', 'migrations/**/*.{ts,sql}', 'config/**/*.sql'], { cwd: ROOT });
    const calls = [...DOCUMENTS, ...places].flatMap((place) =>
      [...read(place).matchAll(/npx listo ([a-z-]+(?: [\w.:/-]*[\w/-])*)/g)].map(([, words = '']) => words),
    );
    expect(calls.length).toBeGreaterThan(10);
    const mistakes = calls.flatMap((call) => {
      const understood = understandCall(call.split(' '), COMMANDS);
      // Texts often leave out operands, and the words behind a command may be the rest of a sentence.
      const isWrong = 'mistake' in understood && !understood.mistake.includes('behind it');
      return isWrong ? [`${call}: ${understood.mistake}`] : [];
    });
    expect(mistakes).toEqual([]);
  });

  it('and messages call it by one name', () => {
    const places = globSync(['src/**/*.ts', 'migrations/{functions/*.sql,schema.txt}', 'config/**/*.sql'], {
      cwd: ROOT,
    });
    const others = [...DOCUMENTS, ...places].filter(
      (place) => place !== 'CHANGELOG.md' && read(place).includes('npm run cli --'),
    );
    expect(others).toEqual([]);
  });

  it('are right that npx listo runs the command line, quietly', () => {
    const { bin, engines } = JSON.parse(read('package.json'));
    expect(bin).toEqual({ listo: 'bin/listo.mjs' });
    const { status, stdout, stderr } = spawnSync(join(ROOT, bin.listo), ['help'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npx listo COMMAND/);
    // In the image it is one word.
    expect(realpathSync(join(ROOT, 'bin/listo'))).toBe(realpathSync(join(ROOT, bin.listo)));
    expect(mistakeOfNode(engines.node.replace('>=', ''))).toBeUndefined();
  });

  it('explain each metric of ours', async () => {
    const metrics = await createMetrics().registry.getMetricsAsJSON();
    const ours = metrics.map(({ name }) => name).filter((name) => name.startsWith('listo_'));
    expect(ours.length).toBeGreaterThan(3);
    expect(ours.filter((name) => !read('docs/operating.md').includes(`\`${name}\``))).toEqual([]);
  });
});
