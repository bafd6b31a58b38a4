import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClientCommand } from './client-program.ts';
import { installed, run } from './installed.ts';
import type { SecureServer } from './secure-server.ts';

const FOLDER = fileURLToPath(new URL('../../real-clients/python', import.meta.url));

/** The Python of an environment with the packages of `requirements.txt`. */
export async function installPython(): Promise<string> {
  const requirements = pythonProgram('requirements.txt');
  const folder = await installed('python', [requirements], async (folder) => {
    await run(['python3', '-m', 'venv', folder]);
    await run([`${folder}/bin/python`, '-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  });
  return `${folder}/bin/python`;
}

/** The file of a program. */
export function pythonProgram(name: string): string {
  return join(FOLDER, name);
}

/** A program that answers on its standard output. */
export function pythonClient(
  { python, server }: { python: string; server: Pick<SecureServer, 'url' | 'trust'> },
  program: string,
  settings: Readonly<Record<string, unknown>>,
): ClientCommand {
  return {
    command: [python, pythonProgram(program)],
    env: pythonEnvironment(server),
    settings: { issuer: server.url, ...settings },
  };
}

/** The variables of every program: it trusts the server, says at once what it says, and leaves no compiled files. */
export function pythonEnvironment({ trust }: Pick<SecureServer, 'trust'>): Record<string, string> {
  return { ...trust, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
}
