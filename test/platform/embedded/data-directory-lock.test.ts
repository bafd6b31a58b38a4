import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRunningOwner, takeOwnership } from '../../../src/platform/embedded/data-directory-lock.ts';

const OTHER_PROCESS = process.ppid;
let folder: string;
let dataDir: string;
let owner: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'listo-test-'));
  dataDir = join(folder, 'data');
  owner = join(dataDir, 'owner.json');
  mkdirSync(dataDir);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The lock of a process that has died, or has not opened its socket yet. */
function anOwner({ pid, ageSeconds = 0 }: { pid: number; ageSeconds?: number }): string {
  const socketDirectory = mkdtempSync(join(folder, 'socket-'));
  writeFileSync(owner, JSON.stringify({ pid, id: 'somebody', socketDirectory }));
  const modified = Date.now() / 1000 - ageSeconds;
  utimesSync(owner, modified, modified);
  return socketDirectory;
}

function aDeadProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

const taken = (pid: number) =>
  `The data directory ${dataDir} is already open in process ${pid}. Stop that one, or give this one another DATA_DIR.`;

describe('the lock of a data directory', () => {
  it('is refused while the owner’s socket answers, whatever its process id and age', async () => {
    const socketDirectory = anOwner({ pid: aDeadProcess(), ageSeconds: 3600 });
    const server = createServer().listen(join(socketDirectory, '.s.PGSQL.5432'));
    const { pid } = JSON.parse(readFileSync(owner, 'utf8'));
    await expect(takeOwnership(dataDir, folder)).rejects.toThrow(taken(pid));
    expect(await findRunningOwner(dataDir)).toBe(socketDirectory);
    await new Promise((closed) => server.close(closed));
  });

  it('is refused while another process that lives took it moments ago', async () => {
    anOwner({ pid: OTHER_PROCESS });
    await expect(takeOwnership(dataDir, folder)).rejects.toThrow(taken(OTHER_PROCESS));
    expect(await findRunningOwner(dataDir)).toBeUndefined();
  });

  it('is refused to the process that holds it', async () => {
    const lock = await takeOwnership(dataDir, folder);
    await expect(takeOwnership(dataDir, folder)).rejects.toThrow(taken(process.pid));
    lock.release();
    (await takeOwnership(dataDir, folder)).release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it.each([
    ['died', () => anOwner({ pid: aDeadProcess() })],
    ['left its id to another process long ago', () => anOwner({ pid: OTHER_PROCESS, ageSeconds: 120 })],
    ['had the id of this one, as in a container', () => anOwner({ pid: process.pid })],
  ])('is taken over from an owner that %s, with what it left', async (_case, leave) => {
    const leftBehind = leave();
    const lock = await takeOwnership(dataDir, folder);
    expect(existsSync(leftBehind)).toBe(false);
    lock.release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('is taken over when its file is not readable as one', async () => {
    writeFileSync(owner, '{"pid":');
    (await takeOwnership(dataDir, folder)).release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('deletes nothing but a socket when it takes over', async () => {
    const elsewhere = anOwner({ pid: aDeadProcess() });
    writeFileSync(join(elsewhere, 'precious'), '');
    (await takeOwnership(dataDir, folder)).release();
    expect(existsSync(join(elsewhere, 'precious'))).toBe(true);
  });

  it('is not given away by who no longer has it', async () => {
    const lock = await takeOwnership(dataDir, folder);
    anOwner({ pid: OTHER_PROCESS });
    lock.release();
    expect(existsSync(owner)).toBe(true);
  });

  it('goes to one of several that take it at once', async () => {
    anOwner({ pid: aDeadProcess() });
    const results = await Promise.allSettled([1, 2, 3].map(() => takeOwnership(dataDir, folder)));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('says when the directory cannot be used', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(takeOwnership(file, folder)).rejects.toThrow(
      `The data directory ${file} cannot be used (EEXIST). Make it writable, or set another DATA_DIR.`,
    );
  });
});
