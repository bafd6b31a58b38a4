import { basename } from 'node:path';
import type { Application } from '../../audit/registration-trail-store.ts';
import type { SeedFileRun } from '../../platform/seeds/run/seed-run.ts';

/** A file beside its last application. */
export interface FileState {
  file: string;
  sha256: string;
  /** Undefined when the trail tells of none. */
  applied: Application | undefined;
}

/**
 * Finds the last application of each file: of this name, or of the same name in another folder, or of the same text. A
 * pipeline has its files in another folder each time.
 */
export function statesOf(
  files: readonly Pick<SeedFileRun, 'name' | 'sha256'>[],
  applications: readonly Application[],
): FileState[] {
  return files.map(({ name, sha256 }) => {
    const same = applications.filter(
      (application) =>
        application.file === name ||
        baseOf(application.file) === baseOf(name) ||
        application.sha256 === sha256,
    );
    return { file: name, sha256, applied: same.at(-1) };
  });
}

/** The application of those files that is the oldest: what changed since may be against one of them. */
export function oldestOf(applications: readonly Application[]): Application | undefined {
  const last = new Map(applications.map((application) => [baseOf(application.file), application]));
  return [...last.values()].toSorted((one, other) => one.at.getTime() - other.at.getTime()).at(0);
}

/** Whether a way of the trail is an application of one of these files; of any file, where none is named. */
export function isWayOf(states: readonly FileState[] | undefined): (way: string) => boolean {
  const names = new Set(
    states?.flatMap(({ file, applied }) => [file, ...(applied ? [applied.file] : [])]).map(baseOf),
  );
  return (way) => way.startsWith('seed ') && (!states || names.has(baseOf(way.slice('seed '.length))));
}

function baseOf(path: string): string {
  return basename(path);
}
