/**
 * The server's process. What Node makes of the sources, stripped of types and compiled, is kept between starts in a
 * folder that only whoever installed this writes to: reading it takes a third of the time, and the compiler of types
 * is not loaded. Where the folder cannot be written to, everything works as well, only slower.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
await import('./serve.ts');
