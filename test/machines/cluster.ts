import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/free-port.ts';
import { findBinaries, unprivilegedUser } from '../../scripts/installed-postgres.ts';

const run = promisify(execFile);
/** pg_ctl itself notices when Postgres ends. Otherwise it waits as long as the machine needs. */
const PATIENT_SECONDS = '3600';

/** Our own Postgres. It keeps every acknowledged commit, as in production. */
export interface Cluster {
  port: number;
  /** Its address, by another port if there is a wire in front. */
  url(port?: number): string;
  /** Resolves when it is up again. `immediate` is a crash: nothing is flushed, and it recovers from its log. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Stops and removes it; also when this process exits. */
  remove(): void;
}

export async function startCluster(): Promise<Cluster> {
  const bin = findBinaries();
  const owner = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), 'listo-cluster-'));
  const dataDir = join(folder, 'cluster');
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(folder, 'password');
  const call = (name: string, args: string[]) => run(join(bin, name), args, { ...owner, cwd: folder });
  // The output of Postgres goes to a file. With a pipe of ours, pg_ctl would never return.
  const control = (verb: string, ...args: string[]) =>
    call('pg_ctl', [
      verb,
      '-w',
      '-t',
      PATIENT_SECONDS,
      '-s',
      '-D',
      dataDir,
      '-l',
      join(folder, 'log'),
      ...args,
    ]);

  const remove = () => {
    try {
      execFileSync(join(bin, 'pg_ctl'), ['stop', '-s', '-m', 'immediate', '-D', dataDir], {
        ...owner,
        cwd: folder,
        stdio: 'ignore',
      });
    } catch {
      // It had already stopped.
    }
    rmSync(folder, { recursive: true, force: true });
    process.off('exit', remove);
  };
  process.once('exit', remove);

  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of owner ? [folder, passwordFile] : []) chownSync(path, owner?.uid ?? 0, owner?.gid ?? 0);
  await call('initdb', [
    `--pgdata=${dataDir}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ]);
  appendFileSync(join(dataDir, 'postgresql.conf'), settings(port, folder));
  await control('start');

  return {
    port,
    url: (at = port) => `postgres://postgres:${password}@127.0.0.1:${at}/postgres`,
    async restart(mode) {
      await control('restart', '-m', mode);
    },
    remove,
  };
}

function settings(port: number, folder: string): string {
  return `
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = '${folder}'
fsync = on
synchronous_commit = on
authentication_timeout = 600s
full_page_writes = on
`;
}
