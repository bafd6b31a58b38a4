import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSources } from './support/imports.ts';

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
    // npm leaves out what it does not install here, and then refuses the file everywhere (npm ci).
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
  const documents = globSync(['*.md', 'docs/*.md'], { cwd: ROOT });
  const links = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => ({
      document,
      target,
    })),
  );

  it('lead to files that exist', () => {
    expect(links.length).toBeGreaterThan(10);
    expect(
      links.filter(({ document, target }) => !existsSync(join(ROOT, dirname(document), target))),
    ).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...documents, '.env.example', 'config/seeds/demo.sql', '.ci/run'].flatMap((document) =>
      [...read(document).matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
