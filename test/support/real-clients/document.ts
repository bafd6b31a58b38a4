import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksAt, fillIn } from '../documents/blocks.ts';
import { CACHE } from './installed.ts';

/** Below `node_modules`, so that a file there finds the packages of this repository. */
const FOLDER = join(CACHE, 'document');

/**
 * The first block of one language at a place such as `docs/client-libraries.md#authlib`, as a file, with the values of a
 * test.
 * @throws when the block lacks one of the examples
 */
export function documentFile(
  place: string,
  language: 'js' | 'ts' | 'python',
  values: Readonly<Record<string, string>>,
): string {
  const [{ text }] = blocksAt(place, language);
  const ending = { js: 'mjs', ts: 'ts', python: 'py' }[language];
  const heading = place.split('#')[1] ?? '';
  const folder = join(FOLDER, heading);
  const file = join(folder, `with_${heading.replaceAll('-', '_')}.${ending}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, fillIn(text, values));
  return file;
}
