import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  name: string;
  version: string;
  license?: string;
}

/** The licences of the packages to which these files belong, as those ask for with every copy. */
export function notices(root: string, files: readonly string[]): string {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  return [...folders]
    .sort()
    .map((folder) => noticeOf(join(root, folder)))
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** @throws Error for a package that names no licence: somebody has to look at it. */
function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Manifest;
  if (!license) throw new Error(`${name} names no licence.`);
  const texts = globSync('{LICENSE,LICENCE,COPYING,NOTICE,license}*', { cwd: folder }).map((file) =>
    readFileSync(join(folder, file), 'utf8').trim(),
  );
  return `${[`${name} ${version} (${license})`, ...texts].join('\n\n')}\n`;
}
