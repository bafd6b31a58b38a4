import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientProgram, startClient } from './client-program.ts';

const MODULES = '/usr/lib/apache2/modules';
const LOADED = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'dir',
  'headers',
  'rewrite',
  'auth_openidc',
];

/**
 * Debian's Apache, in a folder of its own, with one page that says in a header who asks. Its processes are those of
 * another user, who cannot read the folder of the tests. The module asks only browsers to sign in, and `fetch` says by
 * `Sec-Fetch-Mode` that it is none.
 */
export async function startApache(port: number, settings: (cache: string) => string): Promise<ClientProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'listo-apache-'));
  const pages = join(folder, 'pages');
  const cache = join(folder, 'cache');
  mkdirSync(pages);
  writeFileSync(join(pages, 'index.html'), 'The page');
  chmodSync(folder, 0o755);
  // For what the module keeps of sessions, which is encrypted.
  mkdirSync(cache);
  chmodSync(cache, 0o777);
  const configuration = join(folder, 'apache.conf');
  writeFileSync(
    configuration,
    `ServerRoot ${folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
Mutex file:${folder}
ErrorLog "|$cat >&2"
${LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
User www-data
Group www-data
DocumentRoot ${pages}
DirectoryIndex index.html
RequestHeader unset Sec-Fetch-Mode early
Header set X-Person "expr=%{REMOTE_USER}"
Header set X-Email "%{OIDC_CLAIM_email}e" env=OIDC_CLAIM_email
${settings(cache)}`,
  );
  const apache = startClient({ command: ['apache2', '-f', configuration, '-DFOREGROUND'] });
  await apache.listens(port);
  return {
    ...apache,
    async stop() {
      await apache.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
