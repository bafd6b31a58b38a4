import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const JEST = fileURLToPath(new URL('../../../node_modules/jest/bin/jest.js', import.meta.url));
const ENVIRONMENT = fileURLToPath(new URL('./one-cause-environment.ts', import.meta.url));

interface Report {
  testResults: {
    message: string;
    assertionResults: { fullName: string; failureMessages: string[] }[];
  }[];
}

/** Runs tests in a process of their own: the first line of each failure of a test, and the headings of the report. */
async function run(source: string): Promise<{ tests: Record<string, string[]>; headings: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'listo-one-cause-'));
  try {
    writeFileSync(join(folder, 'file.test.js'), source);
    const config = { rootDir: folder, testEnvironment: ENVIRONMENT, transform: {} };
    const args = [JEST, '--json', '--config', JSON.stringify(config)];
    const output = await new Promise<string>((ended) => {
      execFile(process.execPath, args, (_error, stdout) => ended(stdout));
    });
    const [result] = (JSON.parse(output) as Report).testResults;
    const firstLine = (text: string) => text.split('\n')[0] ?? '';
    return {
      tests: Object.fromEntries(
        (result?.assertionResults ?? []).map(({ fullName, failureMessages }) => [
          fullName,
          failureMessages.map(firstLine),
        ]),
      ),
      headings: [...(result?.message ?? '').matchAll(/^ {2}● (.*)$/gm)].map(([, heading = '']) => heading),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a beforeAll that fails', () => {
  it('shows its cause once, and each other test names the first', async () => {
    const { tests, headings } = await run(`
      describe('a suite', () => {
        let server;
        beforeAll(() => { throw new Error('the server does not start'); });
        afterEach(() => { server.reset(); });
        afterAll(() => { server.close(); });
        it.skip('that is left out', () => {});
        it('first', () => { server.url; });
        it('second', () => { server.url; });
        describe('inside', () => {
          beforeAll(() => { server.url; });
          afterAll(() => { server.url; });
          it('third', () => { server.url; });
        });
      });
      describe('another', () => {
        it('works', () => {});
        describe('of its own', () => {
          beforeAll(() => { throw new Error('no browser'); });
          it('fourth', () => {});
        });
        it('fails', () => { throw new Error('wrong'); });
      });`);
    const reference = 'A beforeAll failed. The cause stands at: a suite › first';
    expect(tests).toEqual({
      'a suite that is left out': [],
      'a suite first': ['Error: the server does not start'],
      'a suite second': [reference],
      'a suite inside third': [reference],
      'another works': [],
      'another of its own fourth': ['Error: no browser'],
      'another fails': ['Error: wrong'],
    });
    expect(headings).toEqual([
      'a suite › first',
      'a suite › second',
      'a suite › inside › third',
      'another › of its own › fourth',
      'another › fails',
    ]);
  });

  it('hides no afterAll that fails elsewhere', async () => {
    const { tests, headings } = await run(`
      afterAll(() => { throw new Error('the port is still in use'); });
      describe('inside', () => {
        beforeAll(() => { throw new Error('no browser'); });
        it('first', () => {});
      });`);
    expect(tests).toEqual({ 'inside first': ['Error: no browser'] });
    expect(headings).toEqual(['inside › first', 'Test suite failed to run']);
  });
});
