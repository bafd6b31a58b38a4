import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePrivate, prepareDataDirectory } from '../../src/platform/data-directory.ts';
import { openDatabase } from '../../src/platform/database.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'listo-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8);

function anOpenFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  chmodSync(path, 0o755);
  return path;
}

/** How many folders and files have each mode. */
function modesIn(path: string): Record<string, number> {
  const modes: Record<string, number> = {};
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    const found = lstatSync(join(path, entry));
    const key = `${found.isDirectory() ? 'folder' : 'file'} ${modeOf(join(path, entry))}`;
    modes[key] = (modes[key] ?? 0) + 1;
  }
  return modes;
}

describe('the data directory', () => {
  it('that others could read is closed, with the embedded database in it', async () => {
    const dataDir = anOpenFolder('data');
    const database = await openDatabase({ dataDir });
    expect({ directory: modeOf(dataDir), inside: Object.keys(modesIn(dataDir)).sort() }).toEqual({
      directory: '700',
      inside: ['file 600', 'folder 700'],
    });
    await database.close();
    expect(Object.keys(modesIn(dataDir)).sort()).toEqual(['file 600', 'folder 700']);
  });

  it('is closed again when somebody opened the database to others', async () => {
    const dataDir = join(folder, 'data');
    await openDatabase({ dataDir }).then((database) => database.close());
    chmodSync(dataDir, 0o777);
    chmodSync(join(dataDir, 'postgres'), 0o777);
    chmodSync(join(dataDir, 'postgres', 'PG_VERSION'), 0o666);
    await openDatabase({ dataDir }).then((database) => database.close());
    expect({ directory: modeOf(dataDir), inside: Object.keys(modesIn(dataDir)).sort() }).toEqual({
      directory: '700',
      inside: ['file 600', 'folder 700'],
    });
  });

  it('keeps its mode where foreign things are beside ours', () => {
    const dataDir = anOpenFolder('home');
    writeFileSync(join(dataDir, 'letter.txt'), '');
    prepareDataDirectory(dataDir);
    expect(modeOf(dataDir)).toBe('755');
  });

  it.each(['.gitkeep', 'lost+found', 'owner.json', 'owner.json.draft'])('is closed beside %s', (name) => {
    const dataDir = anOpenFolder('data');
    writeFileSync(join(dataDir, name), '');
    prepareDataDirectory(dataDir);
    expect(modeOf(dataDir)).toBe('700');
  });
});

describe('making a folder private', () => {
  it('follows no link', () => {
    const foreign = anOpenFolder('foreign');
    const ours = anOpenFolder('ours');
    symlinkSync(foreign, join(ours, 'link'));
    makePrivate(ours);
    expect({ ours: modeOf(ours), foreign: modeOf(foreign) }).toEqual({ ours: '700', foreign: '755' });
  });

  it('passes over one that is not there', () => {
    expect(makePrivate(join(folder, 'missing'))).toBeUndefined();
  });
});
