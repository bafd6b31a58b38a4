import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClientCommand } from './client-program.ts';
import { installed, run } from './installed.ts';

const FOLDER = fileURLToPath(new URL('../../real-clients/java', import.meta.url));
const POM = join(FOLDER, 'pom.xml');

/** Small programs start sooner with these, and need no more memory. */
const JVM = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx384m'];

/** The folder with the packages of `pom.xml`, for one release of Spring Boot. */
export function installJavaPackages(boot: string): Promise<string> {
  return installed(`java-${boot}`, [POM], (folder) =>
    run([
      'mvn',
      ...['--quiet', '--batch-mode', '--file', POM, `-Dboot=${boot}`],
      ...['dependency:copy-dependencies', `-DoutputDirectory=${folder}`],
    ]),
  );
}

/** A program of `test/real-clients/java/`. */
export function javaProgram(name: string): Readonly<Record<string, string>> {
  return { [name]: readFileSync(join(FOLDER, `${name}.java`), 'utf8') };
}

/**
 * Compiles files whose names are those of their classes.
 * @returns the command that runs one of the classes
 * @throws with the compiler's messages
 */
export async function compileJava(
  packages: string,
  sources: Readonly<Record<string, string>>,
): Promise<(main: string, ...args: string[]) => ClientCommand> {
  const folder = mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'java-'));
  const files = Object.entries(sources).map(([name, text]) => {
    const file = join(folder, `${name}.java`);
    writeFileSync(file, text);
    return file;
  });
  await run(['javac', '-parameters', '-nowarn', '-cp', `${packages}/*`, '-d', folder, ...files]);
  return (main, ...args) => ({ command: ['java', ...JVM, '-cp', `${folder}:${packages}/*`, main, ...args] });
}
