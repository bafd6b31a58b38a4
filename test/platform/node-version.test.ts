import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mistakeOfNode } from '../../src/platform/node-version.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('a Node that is too old', () => {
  it.each([
    ['22.20.0', false],
    ['24.6.0', false],
    ['24.7.0', true],
    ['25.0.0', true],
  ])('is told from one that is not: %s', (version, isRecent) => {
    expect(mistakeOfNode(version) === undefined).toBe(isRecent);
  });

  it('is told from package.json the same', () => {
    const { engines } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    expect(engines.node).toBe('>=24.7');
    expect(mistakeOfNode('20.1.0')).toContain('Node 24.7 or later is needed');
  });

  it('starts no server: one sentence, no stack, and status 78', () => {
    const pretend = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"22.20.0"})';
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', pretend, `${ROOT}src/main.ts`],
      { cwd: process.env.TEST_FOLDER, encoding: 'utf8', env: { PATH: process.env.PATH } },
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 78,
      stdout: '',
      stderr: 'This is Node 22.20.0, and Node 24.7 or later is needed. npm start brings its own.\n',
    });
  });
});
