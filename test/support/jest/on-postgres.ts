import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSources } from '../sources/imports.ts';

const TESTS = fileURLToPath(new URL('../..', import.meta.url));
/** The only file that reads which database the tests have, and which way requests go depends on it, too. */
const DATABASE = 'support/databases/test-database.ts';
/** Tests that start their own Postgres, or ask for one by its address. */
const ALWAYS = /^(postgres|real-clients)\//;

/**
 * Leaves out the tests that a Postgres cannot change: nothing that they import opens the tests' database. `npm test`
 * has run them already. Jest calls it with the paths of all files of tests (`--filter`).
 */
export async function keepThoseOnPostgres(paths: string[]): Promise<{ filtered: string[] }> {
  const meets = importersOf(DATABASE);
  return {
    filtered: paths.filter((path) => {
      const name = relative(TESTS, path).split(sep).join('/');
      return ALWAYS.test(name) || meets.has(name);
    }),
  };
}

/** The file, the files that import it, the files that import those, and so on. */
function importersOf(file: string): Set<string> {
  const sources = readSources(TESTS);
  const found = new Set([file]);
  // A set also visits what is added on the way.
  for (const imported of found) {
    for (const { path, imports } of sources) {
      if (imports.some(({ from }) => from === imported)) found.add(path);
    }
  }
  return found;
}

// Jest requires a filter that is a module of CommonJS.
export { keepThoseOnPostgres as 'module.exports' };
