/**
 * The server's process. Node keeps the sources, stripped of types and compiled, between starts. Loading them so takes
 * a third of the time, and the compiler of types is not needed. Only the user who installed this writes to the
 * folder. If the process cannot write to it, everything still works, only slower.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mistakeOfNode } from './platform/node-version.ts';

/** As in workers.ts, which an old Node could not load. */
const CANNOT_START = 78;

const mistake = mistakeOfNode(process.versions.node);
if (mistake !== undefined) {
  process.stderr.write(`${mistake}\n`);
  process.exit(CANNOT_START);
}
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
await import('./serve.ts');
