/**
 * `npm run bundle`: makes `dist/` of the sources and their packages, for the image and the benchmark. Each process loads
 * only the files that it needs. Names stay, and the maps beside the files lead from a stack to the sources.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { checkClassNames, checkStart } from './bundle-checks.ts';
import { notices } from './notices.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** Packages that read files of their own (PGlite, libpg-query), and those of other databases, which nobody installs. */
const EXTERNAL = [
  '@electric-sql/pglite',
  'libpg-query',
  'better-sqlite3',
  'mariadb/callback',
  'mysql',
  'mysql2',
  'oracledb',
  'pg-cloudflare',
  'pg-native',
  'pg-query-stream',
  'sqlite3',
  'tedious',
];

/** Parts of packages that this server never reaches. V8 would keep their text in memory. */
const UNREACHED = [/\/knex\/lib\/dialects\/(?!postgres\/)[^/]+\/index\.js$/, /\/thread-stream\/index\.js$/];

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['src/main.ts', 'src/server.ts', 'src/cli.ts'],
  outdir: DIST,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24.7',
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
  external: EXTERNAL,
  // Koa and accepts each bring one of their own.
  alias: { 'mime-db': join(ROOT, 'node_modules/mime-db') },
  // Packages in CommonJS require Node's modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  plugins: [ownPlaces(), unreached(), nodeModules()],
});
checkStart(metafile);
checkClassNames(ROOT, metafile);
removeOthers(['NOTICES.txt', ...Object.keys(metafile.outputs).map((file) => basename(file))]);
writeFileSync(join(DIST, 'NOTICES.txt'), notices(ROOT, Object.keys(metafile.inputs)));

/** Files of an earlier bundle. Those that are the same stay, so a server that runs them goes on. */
function removeOthers(kept: readonly string[]): void {
  for (const file of readdirSync(DIST))
    if (!kept.includes(file)) rmSync(join(DIST, file), { recursive: true });
}

/** Lets a source that reads a file find it from where the source lies, not from `dist/`. */
function ownPlaces(): Plugin {
  return {
    name: 'own places',
    setup(building) {
      building.onLoad({ filter: /\/(?:src|migrations)\/.*\.ts$/ }, ({ path }) => {
        const place = JSON.stringify(`../${relative(ROOT, path)}`);
        const text = readFileSync(path, 'utf8');
        return {
          loader: 'ts',
          contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url)`),
        };
      });
    },
  };
}

/**
 * Takes Node's modules without their other members. An import of `node:http` reads every member of it, and so loads
 * the whole of `fetch` and WebSocket: a tenth of the start.
 */
function nodeModules(): Plugin {
  return {
    name: 'modules of Node',
    setup(building) {
      building.onResolve({ filter: /^(?:node:)?[a-z_]+(?:\/[a-z]+)?$/ }, ({ path, kind }) =>
        isBuiltin(path) && kind === 'import-statement' ? { path, namespace: 'node' } : undefined,
      );
      building.onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
        contents: [
          `const all = process.getBuiltinModule('${path}');`,
          'export default all;',
          ...Object.keys(Object.getOwnPropertyDescriptors(process.getBuiltinModule(path)))
            .filter((name) => name !== 'default' && /^[\w$]+$/.test(name))
            .map((name) => `export const ${name} = /* @__PURE__ */ (() => all.${name})();`),
        ].join('\n'),
        loader: 'js',
      }));
    },
  };
}

function unreached(): Plugin {
  return {
    name: 'unreached',
    setup(building) {
      building.onLoad({ filter: /\/(?:knex|thread-stream)\// }, ({ path }) =>
        UNREACHED.some((part) => part.test(path)) ? { contents: '', loader: 'js' } : undefined,
      );
    },
  };
}
