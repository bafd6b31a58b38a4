/**
 * Programs of Debian's packages (etcd, Patroni, HAProxy, PgBouncer). Each is a child process that ends with this one.
 * It writes its output to a file with its name in our folder.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unprivilegedUser } from '../../scripts/installed-postgres.ts';
import { Refusal } from '../../scripts/refusal.ts';

/** The package of each program. */
const PACKAGES = {
  etcd: 'etcd-server',
  haproxy: 'haproxy',
  patroni: 'patroni',
  pgbouncer: 'pgbouncer',
} as const;
export type ProgramName = keyof typeof PACKAGES;

/** Debian installs some of them where only root's PATH looks. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/** A temporary folder that the programs may write to. */
export interface Workshop {
  folder: string;
  start(name: ProgramName, args: string[]): Program;
  remove(): void;
}

export interface Program {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<void>;
}

/** @throws Refusal that names every missing package. */
export function requirePrograms(names: readonly ProgramName[]): void {
  const missing = names.filter((name) => spawnSync('which', [name], { env: { PATH } }).status !== 0);
  if (missing.length > 0)
    throw new Refusal(
      `Not installed here: ${missing.join(', ')}. On Debian: apt-get install ${missing.map((name) => PACKAGES[name]).join(' ')}`,
    );
}

export function openWorkshop(name: string): Workshop {
  const owner = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), `listo-${name}-`));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const children = new Set<ChildProcess>();
  const remove = () => {
    for (const child of children) child.kill('SIGKILL');
    // A killed program may write until it is gone.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    process.off('exit', remove);
  };
  process.once('exit', remove);

  return {
    folder,
    remove,
    start(program, args) {
      const log = openSync(join(folder, `${program}.log`), 'a');
      // Each program has its own process group, so that Ctrl-C lets us choose the order of ending.
      const child = spawn(program, args, {
        ...owner,
        cwd: folder,
        env: { PATH, HOME: folder, LANG: 'C.UTF-8' },
        detached: true,
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      children.add(child);
      const ended = new Promise<void>((done) => {
        child.once('error', () => done());
        child.once('exit', () => {
          children.delete(child);
          done();
        });
      });
      return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), ended };
    },
  };
}

export function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', () => tell(true));
    socket.once('error', () => tell(false));
  });
}
