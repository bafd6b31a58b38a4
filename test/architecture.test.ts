import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Import, parseSource, readSources, type SourceFile } from './support/sources/imports.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = `${ROOT}src`;

const ARCHITECTURE = readFileSync(`${ROOT}ARCHITECTURE.md`, 'utf8');

/** The folders of src, and the others that each may import: the table of ARCHITECTURE.md. */
const MAY_IMPORT: Record<string, readonly string[]> = Object.fromEntries(
  [...ARCHITECTURE.matchAll(/^\| `([a-z-]+)\/` \| .* \| ([^|]*) \|$/gm)].map(
    ([, folder = '', arrows = '']) => [folder, arrows === 'nothing' ? [] : arrows.split(', ')],
  ),
);

/** The rows of the drawing of ARCHITECTURE.md that have folders, from top to bottom. */
const ROWS = (/^```\n([^`]*)^```/m.exec(ARCHITECTURE)?.[1] ?? '')
  .split('\n')
  .map((line) => [...line.matchAll(/([a-z-]+)\//g)].map(([, folder = '']) => folder))
  .filter((folders) => folders.length > 0);

/** The entrances for requests and commands. No folder imports an edge, and no edge imports another. */
const EDGES = [
  'interactions',
  'account',
  'recovery',
  'sign-out',
  'login-initiation',
  'explanations',
  'demo',
  'listnr',
  'commands',
];

/** The files beside the folders. No folder imports them; only they may know every folder. */
const ROOT_FILES = [
  'main.ts',
  'serve.ts',
  'listen.ts',
  'await-database.ts',
  'apply-seeds.ts',
  'cli.ts',
  'collect-start.ts',
  'compose.ts',
  'app.ts',
  'internal-app.ts',
  'jobs.ts',
  'config.ts',
  'open-database.ts',
  'server.ts',
  'welcome.ts',
];

/** The parts of `compose.ts`, `config.ts` and `app.ts`, which alone import them. They are files beside the folders, too. */
const PARTS = ['compose', 'config', 'app'];

/** Packages that only certain files may import. */
const CONFINED: Record<string, (file: SourceFile, what: Import) => boolean> = {
  knex: ({ path }) => folderOf(path) === 'platform' || path.endsWith('-store.ts'),
  pg: ({ path }) => folderOf(path) === 'platform' || path.endsWith('-store.ts'),
  '@electric-sql/pglite': ({ path }) => folderOf(path) === 'platform',
  koa: ({ path }) =>
    [
      '',
      'http',
      'interactions',
      'account',
      'recovery',
      'sign-out',
      'login-initiation',
      'explanations',
      'listnr',
      'demo',
      'oidc',
    ].includes(folderOf(path)),
  pino: ({ path }) => folderOf(path) === 'platform',
  '@simplewebauthn/server': ({ path }) => folderOf(path) === 'authentication',
  '@simplewebauthn/server/helpers': ({ path }) => folderOf(path) === 'authentication',
  'openid-client': ({ path }) =>
    ['authentication', 'demo'].includes(folderOf(path)) || path.startsWith('commands/flow/'),
  // The demo verifies a LiSTNR token with the very lines of the guide.
  jose: ({ path }) =>
    ['keys', 'clients', 'tokens', 'authentication', 'oidc', 'demo'].includes(folderOf(path)),
  // Pages use only the library's types and errors.
  'oidc-provider': ({ path }, { values }) =>
    folderOf(path) === 'oidc' ||
    (folderOf(path) === 'interactions' && values.every((name) => name === 'errors')),
};

/**
 * The files that may read the machine's time of day. All other code that judges or stores a time uses a `Clock`, and
 * measures elapsed time with `performance.now()`.
 */
const TIME_OF_DAY_READERS = [
  // Compares it with a file's time.
  'platform/embedded/data-directory-lock.ts',
  // The time of a log line.
  'platform/log/line-time.ts',
  'platform/time/clock.ts',
];

/** Names that say nothing about a file or folder. */
const DRAWERS = /^(utils?|helpers?|common|lib|library|misc|managers?|base|data|shared)$/;

describe('the architecture', () => {
  const sources = readSources(SRC);

  it('is folders that import only what stands below them', () => {
    expect(sources.flatMap(forbiddenArrows)).toEqual([]);
  });

  it('has no folder and no file beside the known ones', () => {
    const entries = readdirSync(SRC, { withFileTypes: true });
    const known = [...Object.keys(MAY_IMPORT), ...ROOT_FILES, ...PARTS];
    expect(entries.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('is drawn with every folder of the table, and every arrow leads to a lower row', () => {
    expect(ROWS.flat().sort()).toEqual(Object.keys(MAY_IMPORT).sort());
    const rowOf = (folder: string) => ROWS.findIndex((folders) => folders.includes(folder));
    const arrows = Object.entries(MAY_IMPORT).flatMap(([folder, others]) =>
      others.map((other) => ({ folder, other })),
    );
    expect(arrows.filter(({ folder, other }) => rowOf(other) <= rowOf(folder))).toEqual([]);
  });

  it('has a table without arrows that nobody uses', () => {
    const used = new Set(
      sources.flatMap(({ path, imports }) =>
        imports.map(({ from }) => `${folderOf(path)} ${folderOf(from)}`),
      ),
    );
    const arrows = Object.entries(MAY_IMPORT).flatMap(([folder, others]) =>
      others.map((other) => `${folder} ${other}`),
    );
    expect(arrows.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  it('has a table in which nothing imports an edge', () => {
    const imported = Object.values(MAY_IMPORT).flat();
    expect(EDGES.filter((edge) => !(edge in MAY_IMPORT) || imported.includes(edge))).toEqual([]);
  });

  it('has no two files that lead to each other', () => {
    expect(sources.map(({ path }) => path).filter((path) => reachable(path, sources).has(path))).toEqual([]);
  });

  it('confines each of its main packages to the folders that are about it', () => {
    expect(sources.flatMap(strayPackages)).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = sources.filter(({ readsEnvironment }) => readsEnvironment);
    expect(readers.map(({ path }) => path)).toEqual(['config.ts']);
  });

  it('asks for the time of day in few places', () => {
    const readers = sources.filter(({ readsTimeOfDay }) => readsTimeOfDay);
    expect(readers.map(({ path }) => path).sort()).toEqual(TIME_OF_DAY_READERS);
  });

  it('keeps migrations independent of the code they outlive', () => {
    const outside = readSources(`${ROOT}migrations`).flatMap(({ path, imports }) =>
      imports.filter(({ from }) => from.startsWith('..')).map(({ from }) => `${path} imports ${from}`),
    );
    expect(outside).toEqual([]);
  });

  it('has no drawers', () => {
    const paths = ['src', 'migrations', 'scripts', 'bench', 'test']
      .filter((folder) => existsSync(ROOT + folder))
      .flatMap((folder) => readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' }));
    expect(paths.filter((path) => path.split(/[/\\.]/).some((word) => DRAWERS.test(word)))).toEqual([]);
  });

  it('has only files that exist in its documents and comments', () => {
    const files = globSync(['*.ts', '{src,migrations,scripts,bench,test}/**/*.ts'], { cwd: ROOT });
    const texts = globSync(['*.md', '{docs,bench}/**/*.md', '{src,migrations,scripts,bench,test}/**/*.ts'], {
      cwd: ROOT,
    });
    const dead = texts.flatMap((text) =>
      filesNamedIn(text, readFileSync(ROOT + text, 'utf8'))
        .filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`)))
        .map((name) => `${text}: ${name}`),
    );
    expect(dead).toEqual([]);
  });

  it('has no file over 250 lines', () => {
    const lines = (path: string) => readFileSync(`${SRC}/${path}`, 'utf8').split('\n').length - 1;
    expect(sources.map(({ path }) => path).filter((path) => lines(path) > 250)).toEqual([]);
  });
});

describe('the check of the architecture', () => {
  const check = (path: string, source: string) => {
    const file = parseSource(path, source);
    return [...forbiddenArrows(file), ...strayPackages(file)];
  };

  it('sees an arrow that runs the wrong way, however it is written', () => {
    for (const source of [
      "import { x } from '../demo/curl.ts';",
      "import type { X } from '../demo/curl.ts';",
      "export * from '../demo/curl.ts';",
      "export { x } from '../demo/curl.ts';",
      "const x = await import('../demo/curl.ts');",
      "type X = import('../demo/curl.ts').X;",
    ])
      expect(check('listnr/routes.ts', source)).toEqual(['listnr/routes.ts imports demo/curl.ts']);
  });

  it('sees an import of a file beside the folders, and one that leaves src', () => {
    expect(check('oidc/provider.ts', "import { readConfig } from '../config.ts';")).toEqual([
      'oidc/provider.ts imports config.ts',
    ]);
    expect(check('oidc/provider.ts', "import x from '../../migrations/index.ts';")).toEqual([
      'oidc/provider.ts imports ../migrations/index.ts',
    ]);
  });

  it('sees an import of a part of compose.ts or config.ts by anything else', () => {
    expect(check('server.ts', "import { readSecrets } from './config/secrets.ts';")).toEqual([
      'server.ts imports config/secrets.ts',
    ]);
    const source = "import { composeOidc } from './compose/oidc.ts';";
    expect(check('compose.ts', source)).toEqual([]);
    expect(check('compose/pages.ts', "import type { OidcParts } from './oidc.ts';")).toEqual([]);
    expect(check('app.ts', source)).toEqual(['app.ts imports compose/oidc.ts']);
    expect(check('oidc/routes.ts', "import type { OidcParts } from '../compose/oidc.ts';")).toEqual([
      'oidc/routes.ts imports compose/oidc.ts',
    ]);
  });

  it('sees a package where it does not belong, and a path inside the protocol library', () => {
    expect(check('accounts/person.ts', "import knex from 'knex';")).toEqual([
      'accounts/person.ts imports knex',
    ]);
    expect(check('http/body.ts', "import { SignJWT } from 'jose';")).toEqual(['http/body.ts imports jose']);
    expect(check('interactions/sign-in.ts', "import { Provider } from 'oidc-provider';")).toEqual([
      'interactions/sign-in.ts imports oidc-provider',
    ]);
    expect(check('oidc/provider.ts', "import x from 'oidc-provider/lib/x.js';")).toEqual([
      'oidc/provider.ts imports oidc-provider/lib/x.js',
    ]);
  });

  it('sees the files that a document or comment names', () => {
    expect(filesNamedIn('docs/x.md', 'See `http/health.ts`, health.test.ts and `*-store.ts`.')).toEqual([
      'http/health.ts',
      'health.test.ts',
    ]);
    const source = "import x from './gone.ts';\n// As in mount.ts.\n/** As in\n * oidc/routes.ts. */";
    expect(filesNamedIn('src/x.ts', source)).toEqual(['mount.ts', 'oidc/routes.ts']);
  });

  it('sees who asks for the time of day, and not who makes a date of one', () => {
    const reads = (source: string) => parseSource('x.ts', source).readsTimeOfDay;
    for (const source of [
      'const x = Date.now();',
      'const x = new Date();',
      'const now = Date.now;',
      'Date();',
    ])
      expect({ source, reads: reads(source) }).toEqual({ source, reads: true });
    for (const source of [
      'new Date(7);',
      'clock.now();',
      'Date.parse(x);',
      '// Date.now()',
      'performance.now();',
    ])
      expect({ source, reads: reads(source) }).toEqual({ source, reads: false });
  });

  it('lets pass what is allowed, and what only looks like an import', () => {
    for (const [path, source] of [
      [
        'oidc/adapter.ts',
        "import { x } from '../grants/artifact-store.ts'; import { y } from './grants.ts';",
      ],
      ['accounts/person-store.ts', "import type { Knex } from 'knex';"],
      ['interactions/sign-in.ts', "import { errors, type Provider } from 'oidc-provider';"],
      ['interactions/routes.ts', "import type { Provider } from 'oidc-provider';"],
      ['http/body.ts', "// import { x } from '../demo/curl.ts'\nconst text = \"import x from 'jose'\";"],
      ['platform/migrate.ts', "import { migrationSource } from '../../migrations/index.ts';"],
    ] as const)
      expect(check(path, source)).toEqual([]);
  });
});

/** The TypeScript files that a document names, or a comment of a source: `http/health.ts`, or its end. */
function filesNamedIn(path: string, text: string): string[] {
  const lines = text.split('\n');
  return lines
    .filter((line) => path.endsWith('.md') || /^\s*(\/\/|\/?\*)/.test(line))
    .flatMap((line) => [...line.matchAll(/(?<![\w.*/-])[\w-]+(?:[./][\w-]+)*\.ts\b/g)].map(([name]) => name));
}

/** Empty for a file beside the folders. */
function folderOf(path: string): string {
  const [folder = '', file] = path.split('/');
  return file === undefined || PARTS.includes(folder) ? '' : folder;
}

/** All files that this file's imports lead to, including type imports. */
function reachable(path: string, sources: readonly SourceFile[]): Set<string> {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports.map(({ from }) => from)]));
  const found = new Set(importsOf.get(path));
  for (const file of found) for (const next of importsOf.get(file) ?? []) found.add(next);
  return found;
}

/** Imports of our own files that the table forbids. */
function forbiddenArrows({ path, imports }: SourceFile): string[] {
  const folder = folderOf(path);
  const allowed = (from: string) => {
    if (from === '../migrations/index.ts') return path === 'platform/migrate.ts';
    if (!from.endsWith('.ts')) return true;
    const whole = PARTS.find((part) => from.startsWith(`${part}/`));
    if (whole) return path === `${whole}.ts` || path.startsWith(`${whole}/`);
    if (folder === '') return folderOf(from) in MAY_IMPORT || ROOT_FILES.includes(from);
    return folderOf(from) === folder || (MAY_IMPORT[folder] ?? []).includes(folderOf(from));
  };
  return imports.filter(({ from }) => !allowed(from)).map(({ from }) => `${path} imports ${from}`);
}

function strayPackages(file: SourceFile): string[] {
  return file.imports
    .filter((what) => {
      // Its own entry is a public part of a package.
      const name =
        what.from in CONFINED
          ? what.from
          : Object.keys(CONFINED).find((name) => what.from.startsWith(`${name}/`));
      // The inside of a package is private and may change at any time.
      return name !== undefined && (what.from !== name || CONFINED[name]?.(file, what) === false);
    })
    .map(({ from }) => `${file.path} imports ${from}`);
}
