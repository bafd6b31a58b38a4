import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What a folder of `src/` may import from `src/`, besides itself. Edges never import each other. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  platform: [],
  http: ['platform'],
  keys: ['platform'],
  instances: ['platform'],
  clients: ['instances', 'platform'],
  accounts: ['instances', 'platform'],
  artifacts: ['platform'],
  authentication: ['accounts', 'instances', 'platform'],
  oidc: ['keys', 'artifacts', 'clients', 'accounts', 'instances', 'platform'],
  interactions: [
    'oidc',
    'authentication',
    'artifacts',
    'accounts',
    'clients',
    'instances',
    'http',
    'platform',
  ],
  demo: ['http', 'platform'],
  listnr: ['keys', 'clients', 'accounts', 'http', 'platform'],
  admin: ['keys', 'artifacts', 'clients', 'accounts', 'instances', 'platform', 'http'],
  commands: ['keys', 'artifacts', 'clients', 'accounts', 'instances', 'platform'],
};

/** The files beside the folders: they start processes, read the environment and wire. No folder imports them. */
const ROOT_FILES = [
  'app.ts',
  'cli.ts',
  'compose.ts',
  'config.ts',
  'internal-app.ts',
  'main.ts',
  'open-database.ts',
  'secrets.ts',
  'server.ts',
  'variables.ts',
  'welcome.ts',
];

/** Which files may import a package that must not spread. */
const PACKAGES: { name: string; allowed: RegExp }[] = [
  { name: 'knex', allowed: /^src\/(platform\/|.*-store\.ts$)|^migrations\// },
  { name: 'pg', allowed: /^src\/(platform\/|.*-store\.ts$)/ },
  { name: '@electric-sql/pglite', allowed: /^src\/platform\// },
  { name: 'oidc-provider', allowed: /^src\/(oidc\/|interactions\/|compose\.ts$)/ },
  // The demo verifies tokens the way the guide tells consumers to.
  { name: 'jose', allowed: /^src\/(keys|oidc|listnr|demo)\// },
  { name: 'openid-client', allowed: /^src\/(authentication|demo)\// },
  { name: 'koa', allowed: /^src\/(app|internal-app|http|interactions|listnr|demo|oidc|admin)/ },
  { name: 'pino', allowed: /^src\/platform\// },
];

/** Names that say nothing about what is in a file or folder. */
const DRAWERS = /(^|\/)(utils?|helpers?|common|lib|misc|managers?|base|data|shared)(\.ts)?(\/|$)/;

interface Import {
  from: string;
  specifier: string;
  typeOnly: boolean;
}

describe('the source', () => {
  const files = globSync(['src/**/*.ts', 'migrations/**/*.ts'], { cwd: ROOT }).toSorted();
  const imports = files.flatMap(importsOf);

  it('consists of the folders of the layout and the files beside them', () => {
    const known = (file: string) => {
      const [, folder = '', rest] = file.split('/');
      return rest === undefined ? ROOT_FILES.includes(folder) : folder in MAY_IMPORT;
    };
    expect(files.filter((file) => file.startsWith('src/') && !known(file))).toEqual([]);
  });

  it('imports along the arrows of the layout only', () => {
    expect(imports.flatMap(againstTheArrows)).toEqual([]);
  });

  it('has no import cycle between folders', () => {
    const reach = (folder: string, seen = new Set<string>()): Set<string> => {
      for (const next of MAY_IMPORT[folder] ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        reach(next, seen);
      }
      return seen;
    };
    expect(Object.keys(MAY_IMPORT).filter((folder) => reach(folder).has(folder))).toEqual([]);
  });

  it('keeps packages in the places that own them', () => {
    const strays = imports.filter(({ from, specifier }) =>
      PACKAGES.some(({ name, allowed }) => packageOf(specifier) === name && !allowed.test(from)),
    );
    expect(strays).toEqual([]);
  });

  it('takes only types and errors of the protocol library outside of oidc/', () => {
    const values = imports
      .filter(
        ({ from, specifier, typeOnly }) =>
          specifier === 'oidc-provider' && !from.startsWith('src/oidc/') && !typeOnly,
      )
      .filter(
        ({ from }) =>
          !/import \{ (type \w+, )*errors(, type \w+)* \} from 'oidc-provider'/.test(
            readFileSync(join(ROOT, from), 'utf8'),
          ),
      );
    expect(values).toEqual([]);
  });

  it('reaches inside no package that has an inside', () => {
    expect(imports.filter(({ specifier }) => /^(oidc-provider|knex|koa|jose)\//.test(specifier))).toEqual([]);
  });

  it('reads the environment in config.ts alone', () => {
    const readers = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('process.env'));
    expect(readers).toEqual(['src/config.ts']);
  });

  it('has no drawer', () => {
    expect(files.filter((file) => DRAWERS.test(file))).toEqual([]);
  });

  it('has no file over 250 lines', () => {
    expect(files.filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 250)).toEqual(
      [],
    );
  });
});

function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const statements = source.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm);
  const dynamic = source.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g);
  return [
    ...[...statements].map(([, type, specifier = '']) => ({
      from: file,
      specifier,
      typeOnly: type !== undefined,
    })),
    ...[...dynamic].map(([, specifier = '']) => ({ from: file, specifier, typeOnly: false })),
  ];
}

function againstTheArrows({ from, specifier }: Import): string[] {
  if (!specifier.startsWith('.')) return [];
  const target = normalize(relative(ROOT, join(ROOT, dirname(from), specifier)));
  const [top, folder = '', rest] = from.split('/');
  const [targetTop, targetFolder = '', targetRest] = target.split('/');
  const wrong = [`${from} -> ${target}`];
  if (top === 'migrations') return targetTop === 'migrations' ? [] : wrong;
  if (targetTop === 'migrations') return folder === 'platform' ? [] : wrong;
  if (rest === undefined) return [];
  if (targetRest === undefined) return wrong;
  return folder === targetFolder || MAY_IMPORT[folder]?.includes(targetFolder) ? [] : wrong;
}

/** `@scope/name/inside` → `@scope/name`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}
