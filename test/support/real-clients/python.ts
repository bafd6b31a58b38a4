import { fileURLToPath } from 'node:url';
import type { ClientCommand } from './client-program.ts';
import { installed, run } from './installed.ts';
import type { SecureServer } from './secure-server.ts';

const FOLDER = fileURLToPath(new URL('../../real-clients/python/', import.meta.url));
const REQUIREMENTS = `${FOLDER}requirements.txt`;

/** The Python of an environment with the packages of `requirements.txt`. */
export async function installPython(): Promise<string> {
  const folder = await installed('python', [REQUIREMENTS], async (folder) => {
    await run(['python3', '-m', 'venv', folder]);
    await run([`${folder}/bin/python`, '-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS]);
  });
  return `${folder}/bin/python`;
}

/** A program of `test/real-clients/python/`. */
export function pythonClient(
  { python, server }: { python: string; server: Pick<SecureServer, 'url' | 'trust'> },
  program: string,
  settings: Readonly<Record<string, unknown>>,
): ClientCommand {
  return {
    command: [python, program],
    cwd: FOLDER,
    env: { ...server.trust, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
    settings: { issuer: server.url, ...settings },
  };
}
