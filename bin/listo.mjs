#!/usr/bin/env node
/**
 * The operator's command line: `npx listo …` in a clone, `listo …` in the image. In a clone it first installs missing
 * dependencies, as npm scripts do. It is JavaScript, so that it runs on an old Node, too: it then uses the one that the
 * dependencies bring, or says that it is too old.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const OWN_NODE = path('node_modules/.bin/node');
/** The image has the bundle alone. */
const CLI = [path('src/cli.ts'), path('dist/cli.js')].find(existsSync);

if (existsSync(path('scripts/install.mjs'))) await import('../scripts/install.mjs');
if (process.exitCode) process.exit();
if (isRecent()) await import(pathToFileURL(CLI));
else if (existsSync(OWN_NODE)) {
  const { status } = spawnSync(OWN_NODE, [CLI, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  process.stderr.write(`This is Node ${process.versions.node}, and Node ${oldest()} or later is needed.\n`);
  process.exitCode = 1;
}

function isRecent() {
  const [[major, minor], [oldestMajor, oldestMinor]] = [process.versions.node, oldest()].map((version) =>
    version.split('.').map(Number),
  );
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function oldest() {
  return JSON.parse(readFileSync(path('package.json'), 'utf8')).engines.node.replace(/^>=/, '');
}
